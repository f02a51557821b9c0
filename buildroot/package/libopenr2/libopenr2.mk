################################################################################
#
# libopenr2
#
################################################################################

LIBOPENR2_VERSION = 1.3.3
LIBOPENR2_SOURCE = openr2_$(LIBOPENR2_VERSION).orig.tar.gz
# The project's own site is gone; Debian keeps what it released.
LIBOPENR2_SITE = https://deb.debian.org/debian/pool/main/o/openr2
LIBOPENR2_LICENSE = LGPL-2.1+ (library), GPL-2.0+ (tools)
LIBOPENR2_LICENSE_FILES = COPYING.LESSER COPYING
LIBOPENR2_INSTALL_STAGING = YES
# Its configure looks for dahdi/user.h.
LIBOPENR2_DEPENDENCIES = demarc-dahdi
# Of 2010, before bool was a word of C.
LIBOPENR2_CONF_ENV = CFLAGS="$(TARGET_CFLAGS) -std=gnu11"

# The test programs and the files of examples stay away from the target.
define LIBOPENR2_REMOVE_TOOLS
	$(RM) $(addprefix $(TARGET_DIR)/usr/bin/,r2test r2dtmf_detect)
	$(RM) $(addprefix $(TARGET_DIR)/etc/,r2test.conf r2proto.conf)
endef
LIBOPENR2_POST_INSTALL_TARGET_HOOKS += LIBOPENR2_REMOVE_TOOLS

$(eval $(autotools-package))
