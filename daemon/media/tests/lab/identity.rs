//! Caller identity through a bad line.
#![allow(dead_code)] // each test file uses a part

use super::{Lab, Line, signal, stream};
use demarc_hal::Companding;
use demarc_model::CallerId;
use demarc_model::media::{CallerIdForm, Detect, MediaCommand, MediaEvent};

pub const FORMS: [CallerIdForm; 4] =
    [CallerIdForm::Bell202, CallerIdForm::V23, CallerIdForm::V23Japan, CallerIdForm::Dtmf];

/// Of 100 calls, how many showed who called, at a level in dBm0 and so many dB above noise.
/// `any`: the form is not known beforehand.
pub fn received(form: CallerIdForm, law: Companding, level: f64, over_noise: f64, any: bool) -> usize {
    (0..100u32).filter(|n| call(form, law, level, over_noise, any, *n)).count()
}

fn call(form: CallerIdForm, law: Companding, level: f64, over_noise: f64, any: bool, n: u32) -> bool {
    let number = format!("02079460{:03}", n * 37 % 1000);
    let caller = CallerId { number: Some(number), ..CallerId::default() };
    let exchange = Line::new(law);
    let mut lab = Lab::new(&[&exchange]);
    lab.open_line(stream(1), 1);
    let clock = [(n % 12 + 1) as u8, (n % 28 + 1) as u8, (n % 24) as u8, (n % 60) as u8];
    lab.engine.command(MediaCommand::SendCallerId { stream: stream(1), caller: caller.clone(), form, clock });
    lab.ticks(130);
    let mut samples = vec![0i16; (n as usize * 13) % 160];
    samples.extend(signal::samples(law, &exchange.heard()));
    let own_level = signal::level(law, &samples);
    signal::louder(&mut samples, level - own_level);
    signal::Noise::new(n).add(&mut samples, level - over_noise);
    let line = Line::new(law);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    lab.detect(stream(1), Detect { caller_id: Some(form), caller_id_any: any, ..Detect::NONE });
    for block in signal::blocks(law, &samples) {
        line.say(block);
        lab.tick();
    }
    lab.events == [MediaEvent::CallerId { stream: stream(1), caller, form }]
}

/// The figures of every form.
pub fn figures(level: f64, over_noise: f64) -> Vec<String> {
    let figure = |form: CallerIdForm| {
        let [a, mu] = [Companding::ALaw, Companding::MuLaw]
            .map(|law| [false, true].map(|any| received(form, law, level, over_noise, any)));
        format!(
            "{:<10} A-law {} of 100, among all forms {}; mu-law {}, {}",
            format!("{form:?}"),
            a[0],
            a[1],
            mu[0],
            mu[1]
        )
    };
    FORMS.into_iter().map(figure).collect()
}
