//! `id` and what changes it, on a simulated kernel.
//!
//! The expected texts are those of busybox 1.35, tried with the same files.

use super::kernel::Simulated;
use proptest::prelude::*;
use toolbox::Ids;

const PASSWD: &str =
    "root:x:0:0:root:/root:/bin/sh\nuser-defined-in-image:x:1000:1000::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\nuser-defined-in-image:x:1000:\n\
                     group-defined-in-image:x:50000:user-defined-in-image\n";

fn image() -> Simulated {
    Simulated::with_groups(&[3000, 4000, 50000])
        .with_file("/etc/passwd", PASSWD)
        .with_file("/etc/group", GROUP)
}

fn id(system: &mut Simulated, options: &[&str]) -> (u8, String) {
    let outcome = system.run(&[&["id"], options].concat());
    (outcome.code, outcome.output)
}

#[test]
fn everything_is_printed_with_names_where_the_image_has_them() {
    let expected = "uid=1000(user-defined-in-image) gid=3000 \
                    groups=3000,4000,50000(group-defined-in-image)\n";
    assert_eq!(id(&mut image(), &[]), (0, expected.to_owned()));
    let mut without_files = Simulated::with_groups(&[3000, 4000]);
    assert_eq!(id(&mut without_files, &[]), (0, "uid=1000 gid=3000 groups=3000,4000\n".to_owned()));
}

#[test]
fn the_list_of_groups_is_the_kernels() {
    assert_eq!(id(&mut Simulated::new(), &[]).1, "uid=0 gid=0\n");
    let mut other = Simulated { groups: vec![4000], ..Simulated::new() };
    assert_eq!(id(&mut other, &[]).1, "uid=0 gid=0 groups=4000\n");
    assert_eq!(id(&mut other, &["-G"]).1, "0 4000\n");
}

#[test]
fn single_options_print_numbers_or_names() {
    for (options, code, output) in [
        (&["-u"][..], 0, "1000\n"),
        (&["-un"], 0, "user-defined-in-image\n"),
        (&["-g"], 0, "3000\n"),
        (&["-G"], 0, "3000 4000 50000\n"),
        (&["-Gz"], 0, "3000\x004000\x0050000\0"),
        (&["--groups", "--zero"], 0, "3000\x004000\x0050000\0"),
        (&["--user", "--name", "--real"], 0, "user-defined-in-image\n"),
        (&["-gn"], 1, "3000\n"),
        (&["-G", "-n"], 1, "3000 4000 group-defined-in-image\n"),
    ] {
        assert_eq!(id(&mut image(), options), (code, output.to_owned()), "{options:?}");
    }
    assert_eq!(image().run(&["id", "-gn"]).error, "id: unknown ID 3000\n");
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    for options in [
        &["-ug"][..],
        &["-u", "-G"],
        &["-n"],
        &["-r"],
        &["-z"],
        &["-x"],
        &["--what"],
        &["root", "root"],
        &["nobody"],
        &["-u", "nobody"],
    ] {
        let outcome = image().run(&[&["id"], options].concat());
        assert_eq!((outcome.code, outcome.output.as_str()), (1, ""), "{options:?}");
        assert!(outcome.error.starts_with("id: "), "{options:?}: {}", outcome.error);
    }
}

#[test]
fn a_user_is_shown_as_the_files_describe_him() {
    let named = "uid=1000(user-defined-in-image) gid=1000(user-defined-in-image) \
                 groups=1000(user-defined-in-image),50000(group-defined-in-image)\n";
    assert_eq!(id(&mut image(), &["user-defined-in-image"]), (0, named.to_owned()));
    assert_eq!(id(&mut image(), &["-G", "--", "root"]), (0, "0\n".to_owned()));
    assert_eq!(id(&mut image(), &["root", "-u"]), (0, "0\n".to_owned()));
}

#[test]
fn effective_ids_are_shown_where_they_differ() {
    let mut system = Simulated {
        user: Ids { real: 5, effective: 0 },
        group: Ids { real: 7, effective: 99 },
        groups: vec![0, 3],
        ..Simulated::new()
    };
    assert_eq!(id(&mut system, &[]).1, "uid=5 gid=7 euid=0 egid=99 groups=0,3\n");
    assert_eq!(id(&mut system, &["-u"]).1, "0\n");
    assert_eq!(id(&mut system, &["-ur"]).1, "5\n");
    assert_eq!(id(&mut system, &["-gr"]).1, "7\n");
    assert_eq!(id(&mut system, &["-G"]).1, "7 99 0 3\n");
}

#[test]
fn malformed_records_have_no_say() {
    let group = "# c:x:1:\n\nroot:x:0:\nseven:x:007:x\n lead :x: 8 : a , seven \n:x:9:a\n\
                 five:x:11:a:b\nthree:x:12\nx:x:13:a\ny:x:13:a\nnul\0z:x:15:a\nlast:x:16:a\r\n\
                 m:x:0017:a,a\nbig:x:4294967296:a\nneg:x:-1:a\nlastnonl:x:18:a";
    let passwd = "a:x:13:1::/:\nb:x:13:1::/:\nshort:x:11:11\nlong:x:12:12::/:/bin/sh:extra\n\
                  badgid:x:10:z::/:/bin/sh\n";
    let mut system = Simulated {
        user: Ids { real: 13, effective: 13 },
        groups: vec![0, 7, 8, 9, 11, 12, 13, 15, 16, 17, 18],
        ..Simulated::new()
    }
    .with_file("/etc/passwd", passwd)
    .with_file("/etc/group", group);
    assert_eq!(
        id(&mut system, &[]).1,
        "uid=13(a) gid=0(root) groups=0(root),7,8(lead),9(),11,12,13(x),15(z),16(last),17,\
         18(lastnonl)\n"
    );
    assert_eq!(
        id(&mut system, &["a"]).1,
        "uid=13(a) gid=1 groups=1,8(lead),9(),13(x),13(x),15(z),17,18(lastnonl)\n"
    );
    for user in ["short", "long", "badgid"] {
        assert_eq!(id(&mut system, &[user]).0, 1, "{user}");
    }
}

#[test]
fn blanks_and_passwords_count_as_they_do_in_busybox() {
    let group = " \rspace:x: \r1:user \ncut:x:2 :\nwhole:x:3 :a\nnopassword::4:user\n: :5:user\n";
    let mut system = Simulated::with_groups(&[1, 2, 3, 4, 5])
        .with_file("/etc/group", group)
        .with_file("/etc/passwd", "user::7:8::/:\n");
    assert_eq!(id(&mut system, &["-G", "user"]).1, "8 1 4 5\n");
    let expected = "uid=1000 gid=3000 groups=1(space),2,3(whole),4,5\n";
    assert_eq!(id(&mut system, &[]).1, expected);
}

#[test]
fn as_many_groups_as_a_process_can_have_are_named() {
    let groups: Vec<u32> = (0..65_536).collect();
    let lines: String =
        groups.iter().step_by(700).map(|gid| format!("g{gid}:x:{gid}:\n")).collect();
    let mut system = Simulated { groups, ..Simulated::new() }.with_file("/etc/group", lines);
    let (code, output) = id(&mut system, &[]);
    assert_eq!(code, 0);
    assert!(output.starts_with("uid=0 gid=0(g0) groups=0(g0),1,2,3,"), "{output:.80}");
    assert!(output.contains(",699,700(g700),701,"));
    assert!(output.ends_with(",65534,65535\n"));
}

#[test]
fn names_and_lines_may_be_of_any_length() {
    let name = "n".repeat(100_000);
    let members = "m,".repeat(100_000);
    let mut system =
        Simulated::with_groups(&[1]).with_file("/etc/group", format!("{name}:x:1:{members}z\n"));
    assert_eq!(id(&mut system, &[]).1, format!("uid=1000 gid=3000 groups=1({name})\n"));
}

#[test]
fn a_process_changes_who_it_is() {
    let outcome =
        image().sh("setgroups 9,7-8 && setgid 10 && setuid 11 && id && setgroups '' && id");
    assert_eq!(outcome.output, "uid=11 gid=10 groups=7,8,9\nuid=11 gid=10\n");
}

#[test]
fn a_process_without_the_capability_is_told_so() {
    let mut system = Simulated { may_change_identity: false, ..image() };
    for command in ["setuid", "setgid", "setgroups"] {
        let outcome = system.sh(&format!("{command} 0 && id"));
        assert_eq!(outcome.error, format!("{command}: Operation not permitted\n"));
        assert_eq!((outcome.code, outcome.output.as_str()), (1, ""));
    }
}

#[test]
fn ids_that_are_none_are_refused() {
    for script in [
        "setuid",
        "setuid x",
        "setuid -1",
        "setuid 4294967295",
        "setuid 4294967296",
        "setgid ''",
        "setgid 1 2",
        "setgroups 1,,2",
        "setgroups 1,",
        "setgroups 2-1",
        "setgroups 1-",
        "setgroups 0-65536",
        "setgroups 1 2",
    ] {
        assert_eq!(image().sh(script).code, 1, "{script}");
    }
    assert_eq!(image().sh("setgroups 0-65535").code, 0);
}

proptest! {
    #[test]
    fn any_files_give_an_answer(
        passwd in proptest::collection::vec(any::<u8>(), 0..400),
        group in "[a-b0-3:,#\n \t]{0,400}",
        user in "[a-b]{0,3}",
    ) {
        let mut system = Simulated::with_groups(&[0, 1, 2, 3])
            .with_file("/etc/passwd", passwd)
            .with_file("/etc/group", group);
        prop_assert!(id(&mut system, &[]).1.starts_with("uid=1000"));
        id(&mut system, &[&user]);
    }
}
