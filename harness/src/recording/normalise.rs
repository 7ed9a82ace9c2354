//! What differs in a runtime's words from run to run, taken out.

/// What stands for the folder in which a runtime keeps its state.
const STATE: &str = "<state>";
/// What stands for an id.
const ID: &str = "<id>";
/// What stands for a name or time that is of this moment only.
const TEMPORARY: &str = "<temporary>";

/// How a runtime's folders go on below the state folder (containerd, CRI-O).
const BELOW_STATE: [&str; 2] = ["/tmpmounts/containerd-mount", "/storage/overlay/"];

/// How many hexadecimal digits an id of a sandbox, container or layer has at least.
const ID_DIGITS: usize = 64;

/// Puts `<state>` in the place of the runtime's state folder, which is where it was installed.
#[must_use]
pub(super) fn without_state_folder(message: &str) -> String {
    let mut text = message.to_owned();
    for below in BELOW_STATE {
        let mut done = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(below) {
            let (before, after) = rest.split_at(at);
            let ends = |character: char| character.is_whitespace() || "\"'=:(".contains(character);
            let start = before
                .rfind(ends)
                .map_or(0, |end| end + before[end..].chars().next().map_or(0, char::len_utf8));
            done.push_str(&before[..start]);
            done.push_str(STATE);
            done.push_str(below);
            rest = &after[below.len()..];
        }
        done.push_str(rest);
        text = done;
    }
    text
}

/// Takes out of a message what differs from run to run: the state folder, names of temporary
/// mounts, ids and times.
#[must_use]
pub fn normalise(message: &str) -> String {
    let message = without_state_folder(message);
    let message = replace_after(&message, "containerd-mount", |byte| byte.is_ascii_digit());
    let message = replace_after(&message, "time=\"", |byte| byte != b'"');
    let message = replace_after(&message, "time=\\\"", |byte| byte != b'\\');
    replace_ids(&message)
}

/// Replaces what follows each `mark`, as far as `goes` is true.
fn replace_after(message: &str, mark: &str, goes: impl Fn(u8) -> bool) -> String {
    let mut pieces = message.split(mark);
    let mut replaced = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // `goes` stops at an ASCII byte or the end, never inside a character.
        let length = piece.bytes().take_while(|&byte| goes(byte)).count();
        replaced.push_str(mark);
        replaced.push_str(TEMPORARY);
        replaced.push_str(piece.get(length..).unwrap_or_default());
    }
    replaced
}

fn replace_ids(message: &str) -> String {
    let mut replaced = String::new();
    let mut rest = message;
    while let Some(start) = rest.find(|character: char| character.is_ascii_hexdigit()) {
        let (before, after) = rest.split_at(start);
        let length = after.bytes().take_while(u8::is_ascii_hexdigit).count();
        let (digits, after) = after.split_at(length);
        replaced.push_str(before);
        replaced.push_str(if length >= ID_DIGITS { ID } else { digits });
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_folder_and_what_is_temporary_are_taken_out() {
        for state in ["/var/lib/containerd", "/tmp/x/root", "/o<state>", "<state>"] {
            let seen = format!(
                "mount callback failed on {state}/tmpmounts/containerd-mount123: open \
                 {state}/tmpmounts/containerd-mount123/etc/passwd: no such file or directory"
            );
            assert_eq!(
                normalise(&seen),
                "mount callback failed on <state>/tmpmounts/containerd-mount<temporary>: open \
                 <state>/tmpmounts/containerd-mount<temporary>/etc/passwd: no such file or directory"
            );
        }
        let layer = "0123456789abcdef".repeat(4);
        assert_eq!(
            normalise(&format!(
                "read /var/lib/containers/storage/overlay/{layer}/merged/etc/group"
            )),
            "read <state>/storage/overlay/<id>/merged/etc/group"
        );
        assert_eq!(normalise("time=\"2026Z\" level=error"), "time=\"<temporary>\" level=error");
    }

    #[test]
    fn what_a_message_says_of_users_stays() {
        for text in ["unable to find user abc123: no matching entries", "uid 4294967295 is out"] {
            assert_eq!(normalise(text), text);
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        for text in ["", "containerd-mount", "é/tmpmounts/containerd-mounté", "time=\"é", "ée=\""]
        {
            let _ = normalise(text);
        }
    }
}
