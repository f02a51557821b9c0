################################################################################
#
# demarc-dahdi
#
################################################################################

# 3.4.0 and what mended it for newer kernels. The next commit does not compile for kernel 6.12.
DEMARC_DAHDI_VERSION = 8f5b56adaf1a69674eb0f1e69bd22b06c068d6e6
DEMARC_DAHDI_SITE = https://github.com/asterisk/dahdi-linux.git
DEMARC_DAHDI_SITE_METHOD = git
# Where Digium's server is away, Buildroot's mirror has the firmware under this name.
DEMARC_DAHDI_DL_SUBDIR = dahdi-linux
DEMARC_DAHDI_LICENSE = GPL-2.0, LGPL-2.1 (headers)
DEMARC_DAHDI_LICENSE_FILES = LICENSE LICENSE.LGPL
DEMARC_DAHDI_INSTALL_STAGING = YES

DEMARC_DAHDI_MODULE_SUBDIRS = drivers/dahdi
DEMARC_DAHDI_MODULE_MAKE_OPTS = \
	KSRC=$(LINUX_DIR) \
	KVERS=$(LINUX_VERSION_PROBED) \
	DAHDI_BUILD_ALL=m \
	DAHDI_INCLUDE=$(@D)/include \
	DAHDI_MODULES_EXTRA=dahdi_echocan_oslec.o \
	HOTPLUG_FIRMWARE=yes \
	INSTALL_MOD_DIR=dahdi

ifeq ($(BR2_PACKAGE_DEMARC_DAHDI_FIRMWARE),y)
DEMARC_DAHDI_LICENSE += , Digium firmware licence (not free, in each archive)
DEMARC_DAHDI_FIRMWARE_SITE = http://downloads.digium.com/pub/telephony/firmware/releases
DEMARC_DAHDI_FIRMWARE = \
	a4a-a0017 a4b-d001e a8a-1d0017 a8b-1f001e hx8-2.06 \
	oct6114-032-1.05.01 oct6114-064-1.05.01 \
	oct6114-128-1.05.01 oct6114-256-1.05.01 \
	tc400m-MR6.12 te133-7a001e te134-780017 te435-13001e te436-10017 \
	te820-1.76 vpmoct032-1.12.0
DEMARC_DAHDI_EXTRA_DOWNLOADS = \
	$(patsubst %,$(DEMARC_DAHDI_FIRMWARE_SITE)/dahdi-fw-%.tar.gz,$(DEMARC_DAHDI_FIRMWARE))

define DEMARC_DAHDI_INSTALL_FIRMWARE
	mkdir -p $(TARGET_DIR)/lib/firmware
	$(foreach f,$(DEMARC_DAHDI_FIRMWARE),\
		$(TAR) -xzf $(DEMARC_DAHDI_DL_DIR)/dahdi-fw-$(f).tar.gz \
			-C $(TARGET_DIR)/lib/firmware --no-same-owner \
			--wildcards '*.bin'$(sep))
endef
endif

# OSLEC is the kernel's until 6.17 and its driver here wants its header in an old place.
define DEMARC_DAHDI_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_CRC_CCITT)
	$(call KCONFIG_SET_OPT,CONFIG_ECHO,m)
endef

define DEMARC_DAHDI_CONFIGURE_CMDS
	echo 3.4.0-demarc > $(@D)/.version
	$(INSTALL) -D -m 0644 $(LINUX_DIR)/drivers/misc/echo/oslec.h \
		$(@D)/drivers/staging/echo/oslec.h
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) \
		KSRC=$(LINUX_DIR) KVERS=$(LINUX_VERSION_PROBED) \
		include/dahdi/version.h
endef

define DEMARC_DAHDI_INSTALL_STAGING_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) \
		KSRC=$(LINUX_DIR) KVERS=$(LINUX_VERSION_PROBED) \
		DESTDIR=$(STAGING_DIR) install-include
endef

define DEMARC_DAHDI_INSTALL_TARGET_CMDS
	$(DEMARC_DAHDI_INSTALL_FIRMWARE)
endef

$(eval $(kernel-module))
$(eval $(generic-package))
