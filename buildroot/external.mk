include $(sort $(wildcard $(BR2_EXTERNAL_DEMARC_PATH)/package/*/*.mk))

# Kconfig drops silently what cannot be: the build fails on an option of ours that did not land. The
# packages that need something of the kernel put it in afterwards, so this looks at what is built.
define DEMARC_CHECK_DOTCONFIG
	$(BR2_EXTERNAL_DEMARC_PATH)/scripts/check-dotconfig $(@D)/.config \
		$(call qstrip,$(BR2_LINUX_KERNEL_CUSTOM_CONFIG_FILE)) \
		$(call qstrip,$(BR2_LINUX_KERNEL_CONFIG_FRAGMENT_FILES))
endef
LINUX_PRE_BUILD_HOOKS += DEMARC_CHECK_DOTCONFIG

define DEMARC_CHECK_BUSYBOX_DOTCONFIG
	$(BR2_EXTERNAL_DEMARC_PATH)/scripts/check-dotconfig $(@D)/.config \
		$(call qstrip,$(BR2_PACKAGE_BUSYBOX_CONFIG_FRAGMENT_FILES))
endef
BUSYBOX_PRE_BUILD_HOOKS += DEMARC_CHECK_BUSYBOX_DOTCONFIG
