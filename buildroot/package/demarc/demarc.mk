################################################################################
#
# demarc
#
################################################################################

DEMARC_VERSION = 0.1.0
# The release tarball, in which this tree lies.
DEMARC_SITE = $(abspath $(BR2_EXTERNAL_DEMARC_PATH)/..)
DEMARC_SITE_METHOD = local
DEMARC_LICENSE = Apache-2.0, GPL-2.0 (demarc-isdn-helper)
DEMARC_LICENSE_FILES = LICENSE hal/isdn/helper/LICENSE
DEMARC_DEPENDENCIES = \
	host-pkgconf demarc-dahdi demarc-libpri libopenr2 spandsp

# Package and program: one name, but for the daemon's.
DEMARC_PROGRAMS = \
	demarcd demarc demarc-system demarc-isdn-helper demarc-r2-helper \
	demarc-hwtest demarc-flash
DEMARC_PACKAGES = $(filter-out demarc,$(DEMARC_PROGRAMS))

# Where it was built must not show in what was built.
DEMARC_CARGO_ENV = \
	CARGO_NET_OFFLINE=true \
	CARGO_HOME=$(@D)/.cargo-home \
	CARGO_PROFILE_RELEASE_LTO=thin \
	CARGO_PROFILE_RELEASE_OPT_LEVEL=3 \
	LIBPRI_DIR=$(STAGING_DIR)/usr/lib \
	PKG_CONFIG_ALLOW_CROSS=1 \
	RUSTFLAGS="--remap-path-prefix=$(@D)=/usr/src/demarc"

define DEMARC_CHECK_RELEASE
	@test -d $(@D)/VENDOR -a -d $(@D)/webui/dist || \
		{ echo "demarc is built from a release tarball: make dist" >&2; exit 1; }
	@grep -q '^version = "$(DEMARC_VERSION)"' $(@D)/Cargo.toml || \
		{ echo "demarc.mk has another version than Cargo.toml" >&2; exit 1; }
endef
DEMARC_PRE_CONFIGURE_HOOKS += DEMARC_CHECK_RELEASE

# Always a release build: a debug binary reads the web UI from the disk that it was built on.
define DEMARC_BUILD_CMDS
	cd $(@D) && \
	$(TARGET_MAKE_ENV) $(TARGET_CONFIGURE_OPTS) \
		$(PKG_CARGO_ENV) $(DEMARC_CARGO_ENV) \
		cargo build --offline --locked --release \
			--manifest-path Cargo.toml \
			$(addprefix -p ,$(DEMARC_PACKAGES))
endef

define DEMARC_INSTALL_TARGET_CMDS
	$(foreach p,$(DEMARC_PROGRAMS),\
		$(INSTALL) -D -m 0755 $(@D)/target/$(RUSTC_TARGET_NAME)/release/$(p) \
			$(TARGET_DIR)/usr/bin/$(p)$(sep))
endef

$(eval $(cargo-package))
