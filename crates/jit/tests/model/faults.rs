//! Every command with every call of the file system refused, with seven error numbers, once and for ever.
//!
//! Owns the law: done and complete, or not done and unchanged.

use jit_core::ErrorKind;
use jit_store::fs::sim::{Fault, FaultKind, SimFs};

use crate::lab::{Lab, Mistake};
use crate::reference::{Command, ENTRY, EXIT};

/// EIO, ENOSPC, EACCES, EROFS, EMFILE, EDQUOT and ESTALE, as Linux numbers them.
const ERRNOS: [i32; 7] = [5, 28, 13, 30, 24, 122, 116];

/// Returns a lab with an issue 0 that others wait for, a claimed one, one with gates, one that is held and one that is done.
fn furnished() -> Lab {
    let mut lab = Lab::new();
    let commands = [
        Command::Create { waits_for: None },
        Command::Create { waits_for: Some(0) },
        Command::Create { waits_for: None },
        Command::Create { waits_for: None },
        Command::Create { waits_for: None },
        Command::Create { waits_for: None },
        Command::Claim {
            id: 2,
            who: "agent:a",
            has_ttl: true,
            epoch: None,
        },
        Command::GateAdd { id: 3, gate: ENTRY },
        Command::GateAdd { id: 3, gate: EXIT },
        Command::Hold { id: 4 },
        Command::Done { id: 5, epoch: None },
    ];
    for command in commands {
        lab.run(&command, Mistake::None)
            .expect("nothing stands in the way");
    }
    lab.fs.settle();
    lab
}

fn commands() -> Vec<Command> {
    vec![
        Command::Create { waits_for: Some(0) },
        Command::Claim {
            id: 0,
            who: "agent:b",
            has_ttl: true,
            epoch: None,
        },
        Command::Release {
            id: 2,
            who: "agent:a",
            epoch: Some(1),
        },
        Command::Done { id: 0, epoch: None },
        Command::Done {
            id: 2,
            epoch: Some(1),
        },
        Command::Reject { id: 2 },
        Command::Reopen { id: 5 },
        Command::Archive { id: 5 },
        Command::Hold { id: 0 },
        Command::Unhold { id: 4 },
        Command::Comment { id: 0 },
        Command::Label {
            id: 0,
            label: "area:store",
        },
        Command::DepAdd { id: 4, on: 0 },
        Command::DepRm { id: 1, on: 0 },
        Command::GateAdd { id: 0, gate: ENTRY },
        Command::GateRm { id: 3, gate: ENTRY },
        Command::GatePass { id: 3, gate: ENTRY },
        Command::GateFail { id: 3, gate: EXIT },
    ]
}

/// The calls of a quick run: one in so many of each command, others for each error.
const STRIDE: u64 = 9;

#[test]
fn a_refused_call_leaves_all_or_nothing() {
    let start = furnished();
    let old = start.shown().expect("the store can be read");
    let is_thorough = std::env::var_os("JIT_TORTURE").is_some();
    let mut n_refusals = 0;
    for command in commands() {
        let mut clean = start.fork();
        clean.fs.inject(None);
        clean
            .run(&command, Mistake::None)
            .expect("nothing stands in the way");
        let n_calls = clean.fs.calls().len() as u64;
        let new = clean.shown().expect("the store can be read");
        assert_ne!(old, new, "{command:?} changes something");
        for call in 0..n_calls {
            for (place, errno) in ERRNOS.into_iter().enumerate() {
                if !is_thorough && !(call + place as u64).is_multiple_of(STRIDE) {
                    continue;
                }
                for kind in [FaultKind::Once(errno), FaultKind::Forever(errno)] {
                    n_refusals += 1;
                    let fault = Fault { call, kind };
                    if let Err(problem) = refuse(&start, &command, fault, [&old, &new]) {
                        panic!("{command:?}, {fault:?}: {problem}");
                    }
                }
            }
        }
    }
    crate::record(
        "model: refused calls of every command",
        n_refusals,
        n_refusals,
    );
}

fn refuse(
    start: &Lab,
    command: &Command,
    fault: Fault,
    [old, new]: [&Vec<serde_json::Value>; 2],
) -> Result<(), String> {
    let mut victim = start.fork();
    victim.fs.inject(Some(fault));
    let answer = victim.run(command, Mistake::None);
    let mut left = victim.fork();
    left.fs.inject(None);
    if matches!(command, Command::Create { .. }) && answer.is_err() {
        // What was not acknowledged has no id that anybody knows.
        return if left.shown()? == *old {
            Ok(())
        } else {
            Err("it changed something".to_owned())
        };
    }
    let is_unknown = answer
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::OutcomeUnknown);
    let shown = left.shown()?;
    let is_right = match &answer {
        Ok(()) => shown == *new,
        Err(_) if is_unknown => shown == *new || shown == *old,
        Err(_) => shown == *old,
    };
    if !is_right {
        return Err(format!("{answer:?}, and it is {shown:?}"));
    }
    is_unknown.then(|| forget_the_brake(&left.fs));
    left.run(&Command::Comment { id: 1 }, Mistake::None)
        .map_err(|error| format!("the next command fails: {error:?}"))
}

/// Does what a person does who has looked at the disk.
fn forget_the_brake(files: &SimFs) {
    use jit_store::fs::{At, Fs as _, RelPath, Root};
    let path = RelPath::parse("read_only_io_error").expect("it is a path");
    let removed = files.unlink(&At::new(Root::Private, path));
    assert!(
        removed.is_ok() || removed.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound),
        "the note can be removed"
    );
}
