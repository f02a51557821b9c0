use super::{Act, Service};
use demarc_model::{CallerId, Cause};

/// Refuses as busy, and has a number called a little later.
#[derive(Debug)]
pub(super) struct CallBack {
    pub number: String,
    pub caller: CallerId,
}

impl Service for CallBack {
    fn start(&mut self) -> Vec<Act> {
        let call = Act::CallBack { number: self.number.clone(), caller: self.caller.clone() };
        vec![call, Act::End(Cause::USER_BUSY)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_and_calls_later() {
        let mut service = CallBack { number: "201".into(), caller: CallerId::default() };
        let acts = service.start();
        assert!(matches!(&acts[0], Act::CallBack { number, .. } if number == "201"));
        assert_eq!(acts[1], Act::End(Cause::USER_BUSY));
    }
}
