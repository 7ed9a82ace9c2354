//! The image of the published manifests.

use super::{FileNode, FileTree, Image};

/// The reference in the manifests.
const REFERENCE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

/// Alpine's users, and the one that the manifests run as.
const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/sh
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:x:5:0:sync:/sbin:/bin/sync
shutdown:x:6:0:shutdown:/sbin:/sbin/shutdown
halt:x:7:0:halt:/sbin:/sbin/halt
mail:x:8:12:mail:/var/mail:/sbin/nologin
news:x:9:13:news:/usr/lib/news:/sbin/nologin
uucp:x:10:14:uucp:/var/spool/uucppublic:/sbin/nologin
cron:x:16:16:cron:/var/spool/cron:/sbin/nologin
ftp:x:21:21::/var/lib/ftp:/sbin/nologin
sshd:x:22:22:sshd:/dev/null:/sbin/nologin
games:x:35:35:games:/usr/games:/sbin/nologin
ntp:x:123:123:NTP:/var/empty:/sbin/nologin
guest:x:405:100:guest:/dev/null:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
user-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh
";

/// Alpine's groups, and the two at the end that the published walk-through prints.
const GROUP: &str = "\
root:x:0:root
bin:x:1:root,bin,daemon
daemon:x:2:root,bin,daemon
sys:x:3:root,bin
adm:x:4:root,daemon
tty:x:5:
disk:x:6:root
lp:x:7:lp
kmem:x:9:
wheel:x:10:root
floppy:x:11:root
mail:x:12:mail
news:x:13:news
uucp:x:14:uucp
cron:x:16:cron
audio:x:18:
cdrom:x:19:
dialout:x:20:root
ftp:x:21:
sshd:x:22:
input:x:23:
tape:x:26:root
video:x:27:root
netdev:x:28:
kvm:x:34:kvm
games:x:35:
shadow:x:42:
www-data:x:82:
users:x:100:games
ntp:x:123:
utmp:x:406:
ping:x:999:
nogroup:x:65533:
nobody:x:65534:
user-defined-in-image:x:1000:
group-defined-in-image:x:50000:user-defined-in-image
";

impl Image {
    /// `registry.k8s.io/e2e-test-images/agnhost:2.45`, which every image store knows.
    ///
    /// Its `/etc/group` ends in the two lines that the published walk-through shows.
    #[must_use]
    pub fn agnhost() -> Self {
        let mut files = FileTree::default();
        for (path, node) in [
            ("/etc", FileNode::directory()),
            ("/etc/passwd", FileNode::file(PASSWD.as_bytes())),
            ("/etc/group", FileNode::file(GROUP.as_bytes())),
            ("/home/user-defined-in-image", FileNode::directory().owned_by(1000, 1000)),
            ("/root", FileNode::directory().with_mode(0o700)),
            ("/tmp", FileNode::directory().with_mode(0o1777)),
        ] {
            files.insert(path, node);
        }
        Self {
            reference: REFERENCE.to_owned(),
            entrypoint: vec!["/agnhost".to_owned()],
            cmd: vec!["pause".to_owned()],
            env: vec![
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            ],
            ignores_sigterm: true,
            files,
            ..Self::default()
        }
    }
}
