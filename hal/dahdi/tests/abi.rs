//! Our structures and numbers are those of the real header: a C program says what they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_hal_dahdi::sys::abi::*;
use std::fmt::Write as _;
use std::mem::offset_of;
use std::path::Path;
use std::process::Command;

/// Where Debian's package `dahdi-source` has the header.
const TARBALL: &str = "/usr/src/dahdi.tar.bz2";

/// Expressions of C with the values that we have for them.
struct Claims(Vec<(String, i64)>);

impl Claims {
    fn say(&mut self, c: impl Into<String>, value: i64) {
        self.0.push((c.into(), value));
    }

    fn size<T>(&mut self, c: &str) {
        self.say(format!("sizeof(struct {c})"), size_of::<T>().try_into().unwrap());
    }

    fn offset(&mut self, c: &str, field: &str, offset: usize) {
        self.say(format!("offsetof(struct {c}, {field})"), offset.try_into().unwrap());
    }
}

/// Size of a structure and the offset of every field.
macro_rules! layout {
    ($claims:expr, $kind:ident, $c:literal, $($field:ident),*) => {{
        $claims.size::<$kind>($c);
        $( $claims.offset($c, stringify!($field), offset_of!($kind, $field)); )*
        // Every field is named here, or this does not compile.
        let _ = |$kind { $($field: _),* }: $kind| {};
    }};
}

/// Requests under their names.
macro_rules! requests {
    ($claims:expr, $($name:ident),*) => {{
        $( $claims.say(concat!("(long long)(unsigned)DAHDI_", stringify!($name)), $name.number().into()); )*
    }};
}

/// Numbers of a module, with the header's prefix.
macro_rules! numbers {
    ($claims:expr, $module:ident, $prefix:literal, $($name:ident),*) => {{
        $( $claims.say(concat!($prefix, stringify!($name)), $module::$name.into()); )*
    }};
}

fn layouts(claims: &mut Claims) {
    layout!(
        claims,
        Params,
        "dahdi_params",
        channo,
        spanno,
        chanpos,
        sigtype,
        sigcap,
        rxisoffhook,
        rxbits,
        txbits,
        txhooksig,
        rxhooksig,
        curlaw,
        idlebits,
        name,
        prewinktime,
        preflashtime,
        winktime,
        flashtime,
        starttime,
        rxwinktime,
        rxflashtime,
        debouncetime,
        pulsebreaktime,
        pulsemaketime,
        pulseaftertime,
        chan_alarms
    );
    layout!(
        claims,
        SpanInfo,
        "dahdi_spaninfo",
        spanno,
        name,
        desc,
        alarms,
        txlevel,
        rxlevel,
        bpvcount,
        crc4count,
        ebitcount,
        fascount,
        fecount,
        cvcount,
        becount,
        prbs,
        errsec,
        irqmisses,
        syncsrc,
        numchans,
        totalchans,
        totalspans,
        lbo,
        lineconfig,
        lboname,
        location,
        manufacturer,
        devicetype,
        irq,
        linecompat,
        spantype
    );
    layout!(claims, MaintInfo, "dahdi_maintinfo", spanno, command);
    layout!(claims, Gains, "dahdi_gains", chan, rxgain, txgain);
    layout!(claims, LineConfig, "dahdi_lineconfig", span, name, lbo, lineconfig, sync);
    layout!(
        claims,
        ChanConfig,
        "dahdi_chanconfig",
        chan,
        name,
        sigtype,
        deflaw,
        master,
        idlebits,
        netdev_name
    );
    layout!(claims, ToneZone, "dahdi_tone_def_header", count, zone, ringcadence, name);
    layout!(
        claims,
        BufferInfo,
        "dahdi_bufferinfo",
        txbufpolicy,
        rxbufpolicy,
        numbufs,
        bufsize,
        readbufs,
        writebufs
    );
    layout!(claims, DialOperation, "dahdi_dialoperation", op, dialstr);
    layout!(claims, RingCadence, "dahdi_ring_cadence", ringcadence);
    layout!(claims, VersionInfo, "dahdi_versioninfo", version, echo_canceller);
    layout!(claims, AttachEchocan, "dahdi_attach_echocan", chan, echocan);
    layout!(claims, DynamicSpan, "dahdi_dynamic_span", driver, addr, numchans, timing, spanno);
    layout!(claims, VmwiInfo, "dahdi_vmwi_info", vmwi_type);
    // One bit of a field has no offset in C.
    claims.size::<HwGain>("dahdi_hwgain");
    claims.offset("dahdi_hwgain", "newgain", offset_of!(HwGain, newgain));
    let HwGain { newgain: _, tx: _ } = HwGain { newgain: 0, tx: 1 };
    claims.say("hwgain_tx()", offset_of!(HwGain, tx).try_into().unwrap());
}

fn everything() -> Claims {
    let mut claims = Claims(Vec::new());
    layouts(&mut claims);
    requests!(
        claims,
        GET_PARAMS,
        SET_PARAMS,
        FLUSH,
        HOOK,
        GETEVENT,
        SPANSTAT,
        MAINT,
        SETGAINS,
        SPANCONFIG,
        CHANCONFIG,
        LOADZONE,
        SET_BUFINFO,
        GET_BUFINFO,
        DIAL,
        AUDIOMODE,
        ECHOCANCEL,
        CHANNO,
        SPECIFY,
        SETLAW,
        SETCADENCE,
        GETRXBITS,
        SETTXBITS,
        TIMERCONFIG,
        TIMERACK,
        ONHOOKTRANSFER,
        GETVERSION,
        ATTACH_ECHOCAN,
        DYNAMIC_CREATE,
        DYNAMIC_DESTROY,
        SET_HWGAIN,
        SETPOLARITY,
        VMWI,
        VMWI_CONFIG,
        STARTUP,
        SHUTDOWN,
        BUFFER_EVENTS
    );
    numbers!(
        claims,
        sig,
        "DAHDI_SIG_",
        NONE,
        FXSLS,
        FXSGS,
        FXSKS,
        FXOLS,
        FXOGS,
        FXOKS,
        EM,
        CLEAR,
        HDLCRAW,
        HDLCFCS,
        CAS,
        EM_E1,
        HARDHDLC
    );
    numbers!(claims, line, "DAHDI_CONFIG_", D4, ESF, AMI, B8ZS, CCS, HDB3, CRC4, NTTE, TERM);
    numbers!(claims, alarm, "DAHDI_ALARM_", RECOVER, LOOPBACK, YELLOW, RED, BLUE, NOTOPEN, LOS, LFA, LMFA);
    numbers!(
        claims,
        maint,
        "DAHDI_MAINT_",
        NONE,
        LOCALLOOP,
        NETWORKLINELOOP,
        LOOPUP,
        LOOPDOWN,
        FAS_DEFECT,
        MULTI_DEFECT,
        CRC_DEFECT,
        CAS_DEFECT,
        PRBS_DEFECT,
        BIPOLAR_DEFECT,
        PRBS,
        NETWORKPAYLOADLOOP
    );
    claims.say("DAHDI_RESET_COUNTERS", maint::RESET_COUNTERS.into());
    numbers!(
        claims,
        event,
        "DAHDI_EVENT_",
        NONE,
        ONHOOK,
        RINGOFFHOOK,
        WINKFLASH,
        ALARM,
        NOALARM,
        ABORT,
        OVERRUN,
        BADFCS,
        DIALCOMPLETE,
        RINGERON,
        RINGEROFF,
        HOOKCOMPLETE,
        BITSCHANGED,
        PULSE_START,
        TIMER_EXPIRED,
        POLARITY,
        RINGBEGIN,
        REMOVED,
        READ_OVERRUN,
        WRITE_UNDERRUN,
        PULSEDIGIT
    );
    numbers!(claims, hook, "DAHDI_", ONHOOK, OFFHOOK, WINK, FLASH, START, RING, RINGOFF);
    for (c, value) in [
        ("ELAST", ELAST.into()),
        ("DAHDI_LAW_DEFAULT", LAW_DEFAULT.into()),
        ("DAHDI_LAW_MULAW", LAW_MULAW.into()),
        ("DAHDI_LAW_ALAW", LAW_ALAW.into()),
        ("DAHDI_POLICY_IMMEDIATE", POLICY_IMMEDIATE.into()),
        ("DAHDI_FLUSH_READ", FLUSH_READ.into()),
        ("DAHDI_FLUSH_WRITE", FLUSH_WRITE.into()),
        ("DAHDI_FLUSH_EVENT", FLUSH_EVENT.into()),
        ("DAHDI_DIAL_OP_APPEND", DIAL_OP_APPEND.into()),
        ("DAHDI_MAX_DTMF_BUF", MAX_DTMF_BUF.try_into().unwrap()),
        ("DAHDI_MAX_CADENCE", MAX_CADENCE.try_into().unwrap()),
        ("DAHDI_VMWI_HVAC", VMWI_HVAC.into()),
    ] {
        claims.say(c, value);
    }
    claims
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn we_speak_as_the_header_does() {
    assert!(Path::new(TARBALL).exists(), "{TARBALL} is missing: tools/install-deps test");
    let folder = tempfile::tempdir().unwrap();
    let include = "modules/dahdi/include/dahdi";
    run(Command::new("tar").args(["xjf", TARBALL, include]).current_dir(folder.path()));

    let claims = everything();
    let mut source = String::from(
        "#include <stdio.h>\n#include <stddef.h>\n#include <string.h>\n#include <sys/ioctl.h>\n\
         #include <dahdi/user.h>\n\
         static long long hwgain_tx(void) {\n\
         struct dahdi_hwgain gain; memset(&gain, 0, sizeof gain); gain.tx = 1;\n\
         for (size_t at = 0; at < sizeof gain; at++) if (((char *)&gain)[at] == 1) return at;\n\
         return -1; }\nint main(void) {\n",
    );
    for (c, _) in &claims.0 {
        writeln!(source, "printf(\"%lld\\n\", (long long)({c}));").unwrap();
    }
    source.push_str("return 0; }\n");
    let (file, program) = (folder.path().join("abi.c"), folder.path().join("abi"));
    std::fs::write(&file, source).unwrap();
    let header = folder.path().join("modules/dahdi/include");
    run(Command::new("cc").arg("-I").arg(header).arg("-o").arg(&program).arg(&file));

    let said = run(&mut Command::new(&program));
    let said: Vec<i64> = said.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(said.len(), claims.0.len());
    let wrong: Vec<_> = claims.0.iter().zip(said).filter(|((_, ours), header)| ours != header).collect();
    assert!(wrong.is_empty(), "ours, and the header's: {wrong:#?}");
}
