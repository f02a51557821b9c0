################################################################################
#
# demarc-libpri
#
################################################################################

# 1.6.1
DEMARC_LIBPRI_VERSION = 6cb4b22e04a169e732cb24a2fbf11a81cd4d9027
DEMARC_LIBPRI_SITE = https://github.com/asterisk/libpri.git
DEMARC_LIBPRI_SITE_METHOD = git
DEMARC_LIBPRI_LICENSE = GPL-2.0 with OpenH323 exception
DEMARC_LIBPRI_LICENSE_FILES = LICENSE README
DEMARC_LIBPRI_INSTALL_STAGING = YES
DEMARC_LIBPRI_INSTALL_TARGET = NO

define DEMARC_LIBPRI_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(MAKE1) $(TARGET_CONFIGURE_OPTS) \
		CFLAGS="$(TARGET_CFLAGS) -fPIC" -C $(@D) libpri.a
endef

define DEMARC_LIBPRI_INSTALL_STAGING_CMDS
	$(INSTALL) -D -m 0644 $(@D)/libpri.a $(STAGING_DIR)/usr/lib/libpri.a
	$(INSTALL) -D -m 0644 $(@D)/libpri.h $(STAGING_DIR)/usr/include/libpri.h
endef

$(eval $(generic-package))
