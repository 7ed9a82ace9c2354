//! The program as real processes: held to the kernel, to busybox and to coreutils.
//!
//! What a test lacks (root, busybox, `unshare`) makes it ignored, with the reason before its name.

use std::error::Error;
use std::fmt::Debug;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};
use tempfile::TempDir;

type TestResult = Result<(), Box<dyn Error>>;

/// A process changes its groups to these before it is asked: many, and some of the host's.
const GROUPS: &str = "0,1,7,3000,4000,50000,4294967294";

fn main() {
    let root = lacks_root();
    let namespaces = root.or_else(|| lacks("unshare", &["--mount", "true"]));
    let busybox = namespaces.or_else(|| lacks("busybox", &["id"]));
    let trials = vec![
        trial("it_has_no_panic_messages_and_is_small", None, small_and_without_panics),
        trial("every_command_is_known", None, every_command_is_known),
        trial("id_names_this_process_as_coreutils_does", lacks("id", &[]), id_is_coreutils),
        trial("cat_shows_kernel_files", None, kernel_files),
        trial("files_are_created_read_and_listed", None, files),
        trial("modes_and_owners_are_set_whatever_the_umask", root, modes_and_owners),
        trial(
            "mkdir_and_chmod_give_the_modes_that_coreutils_gives",
            lacks("id", &[]),
            modes_are_coreutils,
        ),
        trial("cat_and_the_shell_read_standard_input", None, standard_input),
        trial("variables_pipes_and_substitutions_work", None, environment),
        trial("sleeping_takes_its_time", None, sleeping),
        trial("sigterm_and_sigint_end_a_sleep_at_once", None, signals),
        trial("a_full_device_is_an_error", None, full_device),
        trial("an_unprivileged_process_cannot_change_its_groups", root, unprivileged),
        trial("the_kernel_has_the_groups_that_were_set", root, kernel_groups),
        trial("process_1_of_a_namespace_ends_on_sigterm", namespaces, process_1),
        trial("id_is_busybox_id_byte_for_byte", busybox, id_is_busybox),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn trial(name: &str, lacking: Option<&'static str>, test: fn(&Toolbox) -> TestResult) -> Trial {
    let run = move || Toolbox::install().and_then(|toolbox| test(&toolbox));
    Trial::test(name, move || run().map_err(|error| error.to_string().into()))
        .with_kind(lacking.unwrap_or_default())
        .with_ignored_flag(lacking.is_some())
}

fn lacks_root() -> Option<&'static str> {
    let ours = fs::metadata("/proc/self").map(|status| status.uid());
    (ours.ok() != Some(0)).then_some("needs root")
}

fn lacks(program: &'static str, arguments: &[&str]) -> Option<&'static str> {
    let status =
        Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match (status.is_ok_and(|status| status.success()), program) {
        (true, _) => None,
        (false, "busybox") => Some("needs busybox"),
        (false, "unshare") => Some("needs unshare and mount namespaces"),
        (false, _) => Some("needs coreutils"),
    }
}

fn check<T: PartialEq + Debug>(what: &str, is: T, should_be: T) -> TestResult {
    if is == should_be {
        return Ok(());
    }
    Err(format!("{what}\n     is {is:?}\n should {should_be:?}").into())
}

/// The program, under its own name and under the command's names.
struct Toolbox {
    folder: TempDir,
}

impl Toolbox {
    fn install() -> Result<Self, Box<dyn Error>> {
        let folder = TempDir::new()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let program = folder.path().join("toolbox");
        fs::write(&program, toolbox::PROGRAM)?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        for command in toolbox::COMMANDS {
            symlink("toolbox", folder.path().join(command))?;
        }
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, argv: &[&str]) -> Command {
        let mut command = Command::new(self.path(argv[0]));
        command.args(&argv[1..]).current_dir(self.folder.path());
        command
    }

    fn run(&self, argv: &[&str]) -> Result<(i32, String, String), Box<dyn Error>> {
        outcome(self.command(argv).output()?)
    }
}

fn outcome(output: Output) -> Result<(i32, String, String), Box<dyn Error>> {
    let code = output.status.code().ok_or_else(|| output.status.to_string())?;
    Ok((code, String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}

fn small_and_without_panics(_: &Toolbox) -> TestResult {
    let program = toolbox::PROGRAM;
    for text in ["panicked", "called `", "out of bounds", "attempt to", ".rs"] {
        let found = program.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        check(text, found, false)?;
    }
    check("smaller than 128 KiB", program.len() < 128 * 1024, true)
}

fn every_command_is_known(toolbox: &Toolbox) -> TestResult {
    for name in toolbox::COMMANDS {
        if name == "pause" {
            continue;
        }
        let (code, _, error) = toolbox.run(&[name])?;
        check(&format!("{name}: {error}"), code == 127, false)?;
    }
    let (code, _, error) = toolbox.run(&["toolbox", "nosuch"])?;
    check("nosuch", (code, error.as_str()), (127, "sh: nosuch: not found\n"))
}

fn id_is_coreutils(toolbox: &Toolbox) -> TestResult {
    for options in [&["-u"][..], &["-g"], &["-un"], &["-gn"], &["-G"], &["-Gz"], &["-ur"]] {
        let ours = toolbox.run(&[&["id"], options].concat())?;
        let theirs = outcome(Command::new("id").args(options).output()?)?;
        check(&format!("{options:?}"), ours, theirs)?;
    }
    Ok(())
}

fn kernel_files(toolbox: &Toolbox) -> TestResult {
    let (code, output, _) = toolbox.run(&["cat", "/proc/self/status"])?;
    let has = |line: &str| output.lines().any(|other| other.starts_with(line));
    check("status", (code, has("Name:\tcat"), has("Groups:")), (0, true, true))?;
    let (code, _, error) = toolbox.run(&["cat", "/none", "/"])?;
    let expected = "cat: /none: No such file or directory\ncat: /: Is a directory\n";
    check("errors", (code, error.as_str()), (1, expected))
}

fn files(toolbox: &Toolbox) -> TestResult {
    let script = "mkdir -p a/b && echo one > a/b/f && echo two >> a/b/f && touch a/g \
                  && cat a/b/f && ls a && stat -c '%F %a %s' a/b/f && ls -n a/b; echo > a; ls none";
    let mut command = toolbox.command(&["sh", "-c", script]);
    let (code, output, error) = outcome(command.output()?)?;
    let status = fs::metadata(toolbox.path("a/b/f"))?;
    let mode = status.mode() & 0o7777;
    let letters = if mode == 0o644 { "-rw-r--r--" } else { "-rw-rw-r--" };
    let expected = format!(
        "one\ntwo\nb\ng\nregular file {mode:o} 8\n{letters}    1 {:<8} {:<8}         8 {} f\n",
        status.uid(),
        status.gid(),
        modified(&toolbox.path("a/b/f"))?
    );
    check("output", output, expected)?;
    let complaints = "sh: a: Is a directory\nls: none: No such file or directory\n";
    check("error", (code, error.as_str()), (1, complaints))?;
    let long = "x".repeat(5000);
    let (_, _, error) = toolbox.run(&["cat", &long])?;
    check("a long path", error.ends_with(": File name too long\n"), true)
}

/// The time of the last change, as coreutils writes it.
fn modified(path: &Path) -> Result<String, Box<dyn Error>> {
    let mut date = Command::new("date");
    date.args(["-u", "+%Y-%m-%d %H:%M", "-r"]).arg(path);
    let (_, output, _) = outcome(date.output()?)?;
    Ok(output.trim_end().to_owned())
}

fn environment(toolbox: &Toolbox) -> TestResult {
    let script = "echo $X; cat /proc/self/status | grep -i ^groups | cat; Y=$(id -u); echo \"$Y\"; \
                  env; hostname; echo ${NONE:-none} < /proc/self/status";
    let mut command = toolbox.command(&["sh", "-c", script]);
    let (code, output, error) = outcome(command.env_clear().env("X", "a b").output()?)?;
    check("error", (code, error.as_str()), (0, ""))?;
    let status = fs::read_to_string("/proc/self/status")?;
    let groups = status.lines().find(|line| line.starts_with("Groups:")).unwrap_or_default();
    let uid = fs::metadata("/proc/self")?.uid();
    let host = fs::read_to_string("/proc/sys/kernel/hostname")?;
    check("output", output, format!("a b\n{groups}\n{uid}\nX=a b\n{host}none\n"))
}

fn standard_input(toolbox: &Toolbox) -> TestResult {
    let run = |argv: &[&str], input: &str| -> Result<_, Box<dyn Error>> {
        let mut command = toolbox.command(argv);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        child.stdin.take().ok_or("no standard input")?.write_all(input.as_bytes())?;
        outcome(child.wait_with_output()?)
    };
    let text = |text: &str| text.to_owned();
    check("cat", run(&["cat"], "one\ntwo")?, (0, text("one\ntwo"), text("")))?;
    let lines = "echo a\ncat\nleft to cat\n";
    check("sh", run(&["sh"], lines)?, (0, text("a\nleft to cat\n"), text("")))?;
    check("exit", run(&["sh"], "exit 7\necho b\n")?, (7, text(""), text("")))
}

fn modes_and_owners(toolbox: &Toolbox) -> TestResult {
    let script = "mkdir -m 0777 d && touch d/f && chown 1000:50000 d/f && chmod 4755 d/f && \
                  stat -c '%a %u:%g' d d/f";
    let mut command = Command::new("sh");
    command.args(["-c", "umask 077; exec ./sh -c \"$0\"", script]);
    let outcome = outcome(command.current_dir(toolbox.folder.path()).output()?)?;
    let expected = "777 0:0\n4755 1000:50000\n".to_owned();
    check("modes and owners", outcome, (0, expected, String::new()))
}

/// What `mkdir -m` and `chmod` do to set-ID bits is coreutils' own rule.
fn modes_are_coreutils(toolbox: &Toolbox) -> TestResult {
    for mode in ["0770", "770", "00770", "2770", "02770", "7777", "0"] {
        let script = |prefix: &str, folder: &str| {
            format!(
                "{prefix}mkdir {folder} && {prefix}chmod 2777 {folder} && \
                 {prefix}mkdir -m {mode} {folder}/new && {prefix}mkdir -m 2777 {folder}/old && \
                 {prefix}chmod {mode} {folder}/old && {prefix}touch {folder}/file && \
                 {prefix}chmod {mode} {folder}/file"
            )
        };
        let modes = |prefix: &str, folder: &str| -> Result<Vec<u32>, Box<dyn Error>> {
            let mut command = Command::new("sh");
            command.arg("-c").arg(script(prefix, folder)).current_dir(toolbox.folder.path());
            check("the script", outcome(command.output()?)?, (0, String::new(), String::new()))?;
            let names = ["new", "old", "file"].map(|name| toolbox.path(folder).join(name));
            Ok(names
                .iter()
                .map(fs::metadata)
                .map(|it| it.map(|it| it.mode()))
                .collect::<Result<_, _>>()?)
        };
        let folders = [format!("ours-{mode}"), format!("theirs-{mode}")];
        check(mode, modes("./", &folders[0])?, modes("", &folders[1])?)?;
    }
    Ok(())
}

fn sleeping(toolbox: &Toolbox) -> TestResult {
    let before = Instant::now();
    let (code, output, _) = toolbox.run(&["sh", "-c", "echo a; sleep 0.2; echo b"])?;
    check("output", (code, output.as_str()), (0, "a\nb\n"))?;
    check("it slept", before.elapsed() >= Duration::from_millis(200), true)
}

fn signals(toolbox: &Toolbox) -> TestResult {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut child = toolbox
            .command(&["sh", "-c", "echo started; sleep 1h"])
            .stdout(Stdio::piped())
            .spawn()?;
        wait_for("started\n", child.stdout.as_mut().ok_or("no output")?)?;
        let before = Instant::now();
        kill(signal, child.id())?;
        check(signal, child.wait()?.code(), Some(code))?;
        check("at once", before.elapsed() < Duration::from_secs(1), true)?;
    }
    let mut child = toolbox.command(&["pause"]).spawn()?;
    kill("KILL", child.id())?;
    check("KILL", child.wait()?.signal(), Some(9))
}

fn wait_for(text: &str, stream: &mut impl std::io::Read) -> TestResult {
    let mut bytes = vec![0; text.len()];
    stream.read_exact(&mut bytes)?;
    check("what it prints first", String::from_utf8(bytes)?.as_str(), text)
}

fn kill(signal: &str, process: u32) -> TestResult {
    let status = Command::new("kill").args(["-s", signal, &process.to_string()]).status()?;
    check("kill", status.success(), true)
}

fn full_device(toolbox: &Toolbox) -> TestResult {
    let full = fs::OpenOptions::new().write(true).open("/dev/full")?;
    let status = toolbox.command(&["echo", "a"]).stdout(full).status()?;
    check("standard output", status.code(), Some(1))?;
    let (code, _, error) = toolbox.run(&["sh", "-c", "echo a > /dev/full"])?;
    let expected = "echo: write error: No space left on device\n";
    check("a file", (code, error.as_str()), (1, expected))
}

fn unprivileged(toolbox: &Toolbox) -> TestResult {
    for command in ["setgroups 0", "setgid 0", "setuid 0"] {
        let script =
            format!("setgroups {GROUPS} && setgid 3000 && setuid 1000 && {command}; id -u");
        let (_, output, error) = toolbox.run(&["sh", "-c", &script])?;
        let name = command.split(' ').next().unwrap_or_default();
        check(command, error, format!("{name}: Operation not permitted\n"))?;
        check("uid", output.as_str(), "1000\n")?;
    }
    Ok(())
}

fn kernel_groups(toolbox: &Toolbox) -> TestResult {
    let script =
        "setgroups 0-65535 && setgid 3000 && setuid 1000 && id -G && cat /proc/self/status";
    let (code, output, error) = toolbox.run(&["sh", "-c", script])?;
    check("error", (code, error.as_str()), (0, ""))?;
    let numbers = |text: &str| -> Vec<u32> {
        text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect()
    };
    let mut by_id = numbers(output.lines().next().unwrap_or_default());
    by_id.sort_unstable();
    let by_kernel = output.lines().find_map(|line| line.strip_prefix("Groups:"));
    let expected: Vec<u32> = (0..65_536).collect();
    check("id", by_id == expected, true)?;
    check("kernel", numbers(by_kernel.unwrap_or_default()) == expected, true)?;
    let (code, _, error) = toolbox.run(&["sh", "-c", "setgroups 0-65536"])?;
    check("one too many", (code, error.as_str()), (1, "setgroups: Invalid argument\n"))
}

fn process_1(toolbox: &Toolbox) -> TestResult {
    let script = "echo started; exec pause";
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--kill-child"]).arg(toolbox.path("sh")).args(["-c", script]);
    let mut unshare = command.stdout(Stdio::piped()).spawn()?;
    wait_for("started\n", unshare.stdout.as_mut().ok_or("no output")?)?;
    let children = format!("/proc/{0}/task/{0}/children", unshare.id());
    let child: u32 = fs::read_to_string(children)?.trim().parse()?;
    // It says that it started before it waits.
    thread::sleep(Duration::from_millis(50));
    kill("TERM", child)?;
    check("exit code", unshare.wait()?.code(), Some(143))
}

/// Files that have every kind of odd record; both programs see them as `/etc/passwd` and
/// `/etc/group` in a mount namespace of their own.
const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n# c\nseven:x:007:7::/:/bin/sh\n \
    lead :x:  8 :8::/:/bin/sh\n:x:9:9::/:/bin/sh\nbadgid:x:10:z::/:/bin/sh\nshort:x:11:11\n\
    long:x:12:12::/:/bin/sh:extra\na:x:1000:1::/:\nb:x:1000:1::/:\nneg:x:-1:1::/:\n\
    zero:x:014:00::/:\nnopassword::8:8::/:\nuser:x:1001:3000:,,,:/home:/bin/sh\n";
const GROUP: &str = "root:x:0:\nseven:x:007:x\n lead :x: 1 : a , seven \n:x:9:a\nfour:x:10:\n\
    five:x:11:a:b\nthree:x:12\nx:x:4000:a\ny:x:4000:a\nnul\0z:x:50000:a\nlast:x:16:user\r\n\
    m:x:0017:a,a\nbig:x:4294967295:a\nhuge:x:4294967296:a\nneg:x:-1:a\nu:x:3001:root,user,a\n\
    nopassword::0:user\ncut:x:1 :\nwhole:x:1 :a\n \rspace:x: \r8:user \nself:x:3000:user\nlastnonl:x:7:a";

fn id_is_busybox(toolbox: &Toolbox) -> TestResult {
    fs::write(toolbox.path("passwd"), PASSWD)?;
    fs::write(toolbox.path("group"), GROUP)?;
    let mut options: Vec<&[&str]> = vec![&[], &["-u"], &["-un"], &["-g"], &["-gn"], &["-G"]];
    options.extend([&["-Gn"][..], &["-unr"], &["-ug"], &["-n"], &["-x"], &["-u", "-g"]]);
    let users = [
        "root", "seven", "lead", "", "badgid", "short", "long", "a", "b", "zero", "user", "nobody",
    ];
    let users: Vec<[&str; 1]> = users.map(|user| [user]).to_vec();
    options.extend(users.iter().map(<[_; 1]>::as_slice));
    options.extend([&["-G", "a"][..], &["-Gn", "user"], &["user", "-un"], &["--", "user"]]);
    for uid in ["0", "8", "1000", "4294967294"] {
        for options in &options {
            let ours = in_namespace(toolbox, uid, &toolbox.path("toolbox"), options)?;
            let theirs = in_namespace(toolbox, uid, Path::new("busybox"), options)?;
            check(&format!("uid {uid}, id {options:?}"), ours, theirs)?;
        }
    }
    Ok(())
}

/// The exit code and the standard output of `id`.
fn in_namespace(
    toolbox: &Toolbox,
    uid: &str,
    program: &Path,
    options: &[&str],
) -> Result<(i32, String), Box<dyn Error>> {
    let setup = "mount --bind passwd /etc/passwd && mount --bind group /etc/group && \
                 exec setpriv --reuid $1 --regid 3000 --groups $2 \"$3\" id";
    // What follows "--" for the outer shell are its own arguments.
    let setup = format!("{setup} \"${{@:4}}\"");
    let output = Command::new("unshare")
        .args(["--mount", "bash", "-c", &setup, "bash", uid, GROUPS])
        .arg(program)
        .args(options)
        .current_dir(toolbox.folder.path())
        .output()?;
    outcome(output).map(|(code, output, _)| (code, output))
}
