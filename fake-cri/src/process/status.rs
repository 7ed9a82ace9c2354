//! `/proc/PID/status`, laid out as Linux does it.

use std::fmt::Write as _;

use super::credentials::{Confinement, Credentials};

/// The seccomp mode in which a filter decides.
const SECCOMP_MODE_FILTER: u8 = 2;

/// The text of `/proc/PID/status` for a process of this name and number.
pub(super) fn status(name: &str, pid: u32, state: &str, credentials: &Credentials) -> String {
    let mut text = String::with_capacity(512);
    let mut groups = String::new();
    for gid in &credentials.groups {
        let _ = write!(groups, "{gid} ");
    }
    if groups.is_empty() {
        groups.push(' ');
    }
    let [uid, effective_uid, saved_uid, file_uid] = credentials.uids();
    let [gid, effective_gid, saved_gid, file_gid] = credentials.gids();
    let Confinement { no_new_privileges, seccomp_filter } = credentials.confinement;
    // The kernel keeps 15 bytes of a name.
    let name: String = name.chars().take(15).collect();
    let _ = write!(
        text,
        "Name:\t{name}\nUmask:\t0022\nState:\t{state}\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\n\
         PPid:\t0\nTracerPid:\t0\n\
         Uid:\t{uid}\t{effective_uid}\t{saved_uid}\t{file_uid}\n\
         Gid:\t{gid}\t{effective_gid}\t{saved_gid}\t{file_gid}\n\
         FDSize:\t64\nGroups:\t{groups}\n\
         NStgid:\t{pid}\nNSpid:\t{pid}\nNSpgid:\t{pid}\nNSsid:\t{pid}\nThreads:\t1\n\
         CapInh:\t{:016x}\nCapPrm:\t{:016x}\nCapEff:\t{:016x}\nCapBnd:\t{:016x}\nCapAmb:\t{:016x}\n\
         NoNewPrivs:\t{}\nSeccomp:\t{}\nSeccomp_filters:\t{}\n",
        // What is ambient is inheritable too.
        credentials.ambient.0,
        credentials.permitted.0,
        credentials.effective.0,
        credentials.bounding.0,
        credentials.ambient.0,
        u8::from(no_new_privileges),
        if seccomp_filter { SECCOMP_MODE_FILTER } else { 0 },
        u8::from(seccomp_filter),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::super::credentials::Capabilities;
    use super::*;

    #[test]
    fn groups_end_in_a_space_as_the_kernel_prints_them() {
        let none = Capabilities::default();
        let text = |groups: Vec<u32>| {
            status("sleep", 1, "S (sleeping)", &Credentials::new(1000, 3000, groups, none, none))
        };
        let of_two = text(vec![3000, 4000]);
        assert!(of_two.contains("\nUid:\t1000\t1000\t1000\t1000\nGid:\t3000\t3000\t3000\t3000\n"));
        assert!(of_two.contains("\nGroups:\t3000 4000 \n"));
        assert!(text(Vec::new()).contains("\nGroups:\t \n"));
    }

    #[test]
    fn what_confines_a_process_is_shown() {
        let shown = |no_new_privileges, seccomp_filter| {
            let none = Capabilities::default();
            let confinement = Confinement { no_new_privileges, seccomp_filter };
            let credentials =
                Credentials::new(1000, 3000, Vec::new(), none, none).confined(confinement);
            let text = status("sleep", 1, "S (sleeping)", &credentials);
            text.rsplit_once("\nNoNewPrivs:").map(|(_, end)| end.replace('\t', " "))
        };
        assert_eq!(shown(false, false).as_deref(), Some(" 0\nSeccomp: 0\nSeccomp_filters: 0\n"));
        assert_eq!(shown(true, false).as_deref(), Some(" 1\nSeccomp: 0\nSeccomp_filters: 0\n"));
        assert_eq!(shown(false, true).as_deref(), Some(" 0\nSeccomp: 2\nSeccomp_filters: 1\n"));
    }

    #[test]
    fn ambient_capabilities_are_inheritable_too() {
        let credentials =
            Credentials::new(1000, 3000, Vec::new(), Capabilities(0x8c), Capabilities(0x80));
        let text = status("sleep", 1, "S (sleeping)", &credentials);
        for line in ["CapInh:\t0000000000000080", "CapBnd:\t000000000000008c"] {
            assert!(text.contains(line), "{text}");
        }
        assert!(text.contains("\nCapAmb:\t0000000000000080\n"));
    }
}
