//! `cat`, `ls`, `stat`, `touch`, `mkdir`, `chmod` and `chown`, on a simulated kernel.

use super::kernel::Simulated;

fn image() -> Simulated {
    Simulated::new()
        .with_file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        .with_file("/etc/.hidden", "")
        .with_file("/etc/group", "root:x:0:\n")
}

#[test]
fn cat_joins_files_and_names_those_it_cannot_read() {
    let outcome = image().run(&["cat", "/etc/group", "/none", "/etc", "/etc/group"]);
    assert_eq!(outcome.output, "root:x:0:\nroot:x:0:\n");
    assert_eq!(outcome.error, "cat: /none: No such file or directory\ncat: /etc: Is a directory\n");
    assert_eq!(outcome.code, 1);
}

#[test]
fn cat_copies_files_of_any_size() {
    let content: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
    let mut system = image().with_file("/big", content.clone());
    system.sh("cat /big > /copy");
    assert_eq!(system.contents[b"/copy".as_slice()], content);
}

#[test]
fn ls_sorts_names_and_hides_those_with_a_dot() {
    assert_eq!(image().run(&["ls", "/etc"]).output, "group\npasswd\n");
    assert_eq!(image().run(&["ls", "-a", "/etc"]).output, ".hidden\ngroup\npasswd\n");
    assert_eq!(image().run(&["ls", "-d", "/etc"]).output, "/etc\n");
    assert_eq!(image().run(&["ls", "/etc", "/none"]).output, "/etc:\ngroup\npasswd\n");
    assert_eq!(image().run(&["ls", "-x"]).code, 1);
}

#[test]
fn ls_shows_owners_by_name_or_number() {
    let long = "-rw-r--r--    1 root     root            30 1970-01-01 00:00 /etc/passwd\n";
    assert_eq!(image().run(&["ls", "-l", "/etc/passwd"]).output, long);
    let numeric = "-rw-r--r--    1 0        0                9 1970-01-01 00:00 group\n\
                   -rw-r--r--    1 0        0               30 1970-01-01 00:00 passwd\n"
        .replace("                9", "               10");
    assert_eq!(image().run(&["ls", "-n", "/etc"]).output, numeric);
    let folder = "drwxr-xr-x    1 0        0                0 1970-01-01 00:00 /etc\n";
    assert_eq!(image().run(&["ls", "-nd", "/etc"]).output, folder);
}

#[test]
fn times_are_of_the_calendar() {
    for (seconds, time) in [
        (0, "1970-01-01 00:00"),
        (951_825_599, "2000-02-29 11:59"),
        (1_764_082_386, "2025-11-25 14:53"),
        (-1, "1969-12-31 23:59"),
    ] {
        let mut system = image();
        if let Some(file) = system.files.get_mut(b"/etc/group".as_slice()) {
            file.modified = seconds;
        }
        let output = system.run(&["ls", "-l", "/etc/group"]).output;
        assert!(output.ends_with(&format!(" {time} /etc/group\n")), "{output}");
    }
}

#[test]
fn grep_selects_lines() {
    let status = "Name:\tcat\nUid:\t1000\t1000\nGroups:\t3000 4000 \n";
    let run = |arguments: &[&str]| {
        let argv = [&["grep"], arguments].concat();
        Simulated::new().with_file("/s", status).with_file("/t", "x+y\n").run(&argv)
    };
    for (arguments, output) in [
        (&["Uid", "/s"][..], "Uid:\t1000\t1000\n"),
        (&["-i", "^groups:.*4000", "/s"], "Groups:\t3000 4000 \n"),
        (&["-v", "[UG]", "/s"], "Name:\tcat\n"),
        (&["-E", "^(Uid", "/s"], ""),
        (&["-E", "Uid|^Name", "/s"], "Name:\tcat\nUid:\t1000\t1000\n"),
        (&["Uid\\|^Name", "/s"], "Name:\tcat\nUid:\t1000\t1000\n"),
        (&["-c", "[[:a]", "/s"], "3\n"),
        (&["-n", "0 *$", "/s"], "2:Uid:\t1000\t1000\n3:Groups:\t3000 4000 \n"),
        (&["-E", "10{2}", "/s"], ""),
        (&["-F", "x+", "/s", "/t"], "/t:x+y\n"),
        (&["-E", "x\\+y$", "/t"], "x+y\n"),
        (&["-e", "x+y", "/t"], "x+y\n"),
        (&["-q", "Uid", "/s"], ""),
    ] {
        assert_eq!(run(arguments).output, output, "{arguments:?}");
    }
    let codes = [&["-q", "Uid", "/s"][..], &["no", "/s"], &["a", "/none"], &["-P", "a"], &[]];
    assert_eq!(codes.map(|arguments| run(arguments).code), [0, 1, 2, 2, 2]);
    let slow = run(&["-E", &"a*".repeat(17), "/s"]);
    assert!(slow.error.contains("more than 16 repetitions"), "{}", slow.error);
}

#[test]
fn a_line_that_takes_too_long_to_match_is_an_error() {
    let mut system = Simulated::new().with_file("/s", "a".repeat(10_000));
    let outcome = system.run(&["grep", "a*a*a*a*a*b", "/s"]);
    assert_eq!((outcome.code, outcome.error.as_str()), (2, "grep: /s: File too large\n"));
}

#[test]
fn who_and_where_one_is_has_commands_of_its_own() {
    let mut system = image().with_file("/proc/sys/kernel/hostname", "web-0\n");
    assert_eq!(system.sh("whoami; groups; hostname").output, "root\nroot\nweb-0\n");
    let mut system = Simulated::with_groups(&[3000, 4000]);
    let outcome = system.run(&["whoami"]);
    assert_eq!((outcome.code, outcome.error.as_str()), (1, "whoami: unknown uid 1000\n"));
}

#[test]
fn ls_refuses_folders_that_it_cannot_sort() {
    let mut system = image();
    for at in 0..4100 {
        system = system.with_file(&format!("/etc/{at}"), "");
    }
    assert_eq!(system.run(&["ls", "/etc"]).error, "ls: /etc: File too large\n");
}

#[test]
fn stat_prints_what_its_format_asks_for() {
    let format = "%n: %a %A %F %s %u %U %g %G 100%%";
    let outcome = image().run(&["stat", "-c", format, "/etc/passwd", "/etc/.hidden"]);
    assert_eq!(
        outcome.output,
        "/etc/passwd: 644 -rw-r--r-- regular file 30 0 root 0 root 100%\n\
         /etc/.hidden: 644 -rw-r--r-- regular empty file 0 0 root 0 root 100%\n"
    );
    assert_eq!(Simulated::new().run(&["stat", "-c", "%U %a", "/"]).output, "UNKNOWN 755\n");
    assert_eq!(
        image().run(&["stat", "/etc/passwd"]).output,
        "  File: /etc/passwd\n  Size: 30         Links: 1     regular file\n\
         Access: (0644/-rw-r--r--)  Uid: (    0/    root)   Gid: (    0/    root)\n\
         Modify: 1970-01-01 00:00\n"
    );
}

#[test]
fn touch_and_mkdir_make_what_is_not_there() {
    let mut system = image();
    let script = "mkdir -p /a/b/c /a/b && touch /a/b/c/f /a/b/c/f && ls /a/b/c && ls /a";
    assert_eq!(system.sh(script).output, "f\nb\n");
    assert_eq!(system.sh("mkdir /a").error, "mkdir: /a: File exists\n");
    assert_eq!(system.sh("mkdir /x/y").error, "mkdir: /x/y: No such file or directory\n");
    assert_eq!(system.sh("mkdir -p /etc/group/x").code, 1);
}

#[test]
fn mkdir_gives_only_the_last_directory_its_mode() {
    let mut system = image();
    let script = "mkdir -m 0770 /a && mkdir -p -m 700 /b/c && stat -c '%a %n' /a /b /b/c";
    assert_eq!(system.sh(script).output, "770 /a\n755 /b\n700 /b/c\n");
    assert_eq!(system.sh("mkdir -m 0770 -p /b && stat -c %a /b").output, "755\n");
    for mode in ["", "8", "10000", "u+x"] {
        assert_eq!(system.run(&["mkdir", "-m", mode, "/d"]).code, 1, "{mode}");
    }
    assert_eq!(system.run(&["ls", "-d", "/d"]).code, 1);
}

#[test]
fn chmod_leaves_directories_their_set_id_bits_unless_five_digits_take_them() {
    let mut system = image();
    let mode = |system: &mut Simulated, script: &str| {
        system.sh(&format!("{script} && stat -c %a /etc /etc/group")).output
    };
    assert_eq!(mode(&mut system, "chmod 2755 /etc /etc/group"), "2755\n2755\n");
    assert_eq!(mode(&mut system, "chmod 0770 /etc /etc/group"), "2770\n770\n");
    assert_eq!(mode(&mut system, "chmod 00770 /etc"), "770\n770\n");
}

#[test]
fn chown_changes_what_it_is_given() {
    let mut system = image();
    let mut owner = |owner: &str| {
        system.sh(&format!("chown {owner} /etc/group && stat -c %u:%g /etc/group")).output
    };
    assert_eq!(owner("1000"), "1000:0\n");
    assert_eq!(owner(":50000"), "1000:50000\n");
    assert_eq!(owner("0:0"), "0:0\n");
    for wrong in ["", ":", "1:", "root", "4294967295", "1:2:3", "-1"] {
        assert_eq!(image().run(&["chown", wrong, "/etc/group"]).code, 1, "{wrong}");
    }
}

#[test]
fn unknown_options_are_refused_before_anything_is_done() {
    let complaint = "unknown option, or one after a path:";
    for command in ["cat -n", "touch -c", "mkdir -v", "mkdir /a -m", "chmod -R 0", "chown -h 0"] {
        let mut system = image();
        let outcome = system.sh(&format!("{command} /x"));
        assert!(outcome.code == 1 && outcome.error.contains(complaint), "{command}: {outcome:?}");
        assert_eq!(system.files, image().files, "{command}");
    }
    let mut system = image();
    assert_eq!(system.sh("mkdir -- -m && stat -c %n -- -m").output, "-m\n");
}
