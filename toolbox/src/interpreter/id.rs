//! `id`: who the process is, or who a user of `/etc/passwd` would be.
//!
//! Prints what busybox 1.35 prints, byte for byte on standard output: the
//! supplementary groups are the kernel's list as it stands, without the
//! effective gid put before it (coreutils would); names come from
//! [`super::accounts`]. Long options and `-z` are those of coreutils.
//! Remarks on malformed records are not made.

use core::ops::ControlFlow;

use super::accounts::{Database, Name, find_names, print_name, scan};
use super::files::{Padding, print_known};
use super::process::Process;
use super::system::{Ids, System};
use super::text::Decimal;

/// How many groups get their names in one pass over `/etc/group`.
const BATCH: usize = 128;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Everything,
    User,
    Group,
    Groups,
}

struct Options<'a> {
    show: Show,
    names: bool,
    real: bool,
    zero: bool,
    user: Option<&'a [u8]>,
}

/// `whoami`: the name of the effective user.
pub(super) fn whoami<S: System>(process: &mut Process<'_, S>) -> u8 {
    let uid = process.system.user().effective;
    if print_known(process, Database::Passwd, uid, Padding::NONE) {
        process.print(b"\n");
        return process.finish(0);
    }
    process.complain(&[b"unknown uid ", Decimal::new(u64::from(uid)).as_bytes()]);
    1
}

pub(super) fn id<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let options = match parse(arguments) {
        Ok(options) => options,
        Err((message, operand)) => {
            process.complain(&[message, operand]);
            return 1;
        }
    };
    let passwd = process.system.open(Database::Passwd.path()).ok();
    let group = process.system.open(Database::Group.path()).ok();
    let (user_ids, group_ids) = match options.user {
        None => (process.system.user(), process.system.group()),
        Some(name) => match find_user(process.system, passwd.as_ref(), name) {
            Some(ids) => ids,
            None => {
                process.complain(&[b"unknown user ", name]);
                return 1;
            }
        },
    };
    let mut printer = Printer { process, options, passwd, group, complete: true };
    printer.print(user_ids, group_ids);
    let status = u8::from(!printer.complete);
    process.finish(status)
}

fn parse<'a>(arguments: &[&'a [u8]]) -> Result<Options<'a>, (&'static [u8], &'a [u8])> {
    let mut options =
        Options { show: Show::Everything, names: false, real: false, zero: false, user: None };
    let mut only_operands = false;
    for &argument in arguments {
        if only_operands || !argument.starts_with(b"-") || argument == b"-" {
            if options.user.replace(argument).is_some() {
                return Err((b"extra operand ", argument));
            }
        } else if let Some(long) = argument.strip_prefix(b"--") {
            let short = match long {
                b"" => {
                    only_operands = true;
                    continue;
                }
                b"user" => b'u',
                b"group" => b'g',
                b"groups" => b'G',
                b"name" => b'n',
                b"real" => b'r',
                b"zero" => b'z',
                _ => return Err((b"unknown option ", argument)),
            };
            set(&mut options, short, argument)?;
        } else {
            for &short in argument.iter().skip(1) {
                set(&mut options, short, argument)?;
            }
        }
    }
    if options.show == Show::Everything {
        if options.names || options.real {
            return Err((b"-n and -r need one of -u, -g and -G", b""));
        }
        if options.zero {
            return Err((b"-z needs one of -u, -g and -G", b""));
        }
    }
    Ok(options)
}

fn set<'a>(
    options: &mut Options<'_>,
    short: u8,
    argument: &'a [u8],
) -> Result<(), (&'static [u8], &'a [u8])> {
    let show = match short {
        b'u' => Show::User,
        b'g' => Show::Group,
        b'G' => Show::Groups,
        b'n' => {
            options.names = true;
            return Ok(());
        }
        b'r' => {
            options.real = true;
            return Ok(());
        }
        b'z' => {
            options.zero = true;
            return Ok(());
        }
        _ => return Err((b"unknown option ", argument)),
    };
    if options.show != Show::Everything && options.show != show {
        return Err((b"only one of -u, -g and -G can be asked for", b""));
    }
    options.show = show;
    Ok(())
}

/// The ids of a user by name; a uid that is no number reads as 4294967295, as in busybox.
fn find_user<S: System>(
    system: &mut S,
    passwd: Option<&S::File>,
    name: &[u8],
) -> Option<(Ids, Ids)> {
    let mut found = None;
    scan(system, Database::Passwd, passwd?, name, |record| {
        if !record.is_wanted {
            return ControlFlow::Continue(());
        }
        found = record.gid.map(|gid| (record.id.unwrap_or(u32::MAX), gid));
        ControlFlow::Break(())
    });
    let same = |id| Ids { real: id, effective: id };
    found.map(|(uid, gid)| (same(uid), same(gid)))
}

struct Printer<'p, 'a, 'o, S: System> {
    process: &'p mut Process<'a, S>,
    options: Options<'o>,
    passwd: Option<S::File>,
    group: Option<S::File>,
    /// Every name that was asked for was found.
    complete: bool,
}

impl<'a, S: System> Printer<'_, 'a, '_, S> {
    fn print(&mut self, user: Ids, group: Ids) {
        let chosen = |ids: Ids, real| if real { ids.real } else { ids.effective };
        match self.options.show {
            Show::Everything => {
                self.print_user(b"uid=", user.real);
                self.print_group(b" gid=", group.real);
                if user.effective != user.real {
                    self.print_user(b" euid=", user.effective);
                }
                if group.effective != group.real {
                    self.print_group(b" egid=", group.effective);
                }
                self.print_groups(group);
            }
            Show::User => self.print_user(b"", chosen(user, self.options.real)),
            Show::Group => self.print_group(b"", chosen(group, self.options.real)),
            Show::Groups => {
                self.print_group(b"", group.real);
                if group.effective != group.real {
                    self.print_group(self.separator(), group.effective);
                }
                self.print_groups(group);
            }
        }
        self.process.print(if self.options.zero { b"\0" } else { b"\n" });
    }

    fn separator(&self) -> &'static [u8] {
        if self.options.zero { b"\0" } else { b" " }
    }

    fn print_user(&mut self, prefix: &[u8], uid: u32) {
        let [name] = self.names(Database::Passwd, [Some(uid)]);
        self.print_id(Database::Passwd, prefix, uid, name);
    }

    fn print_group(&mut self, prefix: &[u8], gid: u32) {
        let [name] = self.names(Database::Group, [Some(gid)]);
        self.print_id(Database::Group, prefix, gid, name);
    }

    fn print_groups(&mut self, group: Ids) {
        let everything = self.options.show == Show::Everything;
        let mut prefix: &[u8] = if everything { b" groups=" } else { self.separator() };
        let mut from = 0_usize;
        let mut gids = [0_u32; BATCH];
        loop {
            let count = self.groups(from, group.real, &mut gids);
            from = from.saturating_add(count);
            let mut asked = [None; BATCH];
            for (asked, gid) in asked.iter_mut().zip(gids.iter().take(count)) {
                *asked = Some(*gid);
            }
            let names = self.names(Database::Group, asked);
            for (gid, name) in gids.iter().zip(names).take(count) {
                if !everything && (*gid == group.real || *gid == group.effective) {
                    continue;
                }
                self.print_id(Database::Group, prefix, *gid, name);
                if everything {
                    prefix = b",";
                }
            }
            if count < BATCH || self.process.print_failed() {
                return;
            }
        }
    }

    /// A piece of the list of groups: the process's own, or the primary one of a user by
    /// name and then every other one that lists that name, in the file's order.
    fn groups(&mut self, from: usize, primary: u32, into: &mut [u32]) -> usize {
        let Some(user) = self.options.user else {
            return self.process.system.groups(from, into);
        };
        let mut skip = from;
        let mut count = 0_usize;
        let mut add = |gid: u32| {
            if skip > 0 {
                skip = skip.saturating_sub(1);
                return ControlFlow::Continue(());
            }
            match into.get_mut(count) {
                None => ControlFlow::Break(()),
                Some(slot) => {
                    *slot = gid;
                    count = count.saturating_add(1);
                    ControlFlow::Continue(())
                }
            }
        };
        if add(primary).is_continue()
            && let Some(file) = &self.group
        {
            scan(self.process.system, Database::Group, file, user, |record| match record.gid {
                Some(gid) if record.has_member && gid != primary => add(gid),
                _ => ControlFlow::Continue(()),
            });
        }
        count
    }

    fn names<const N: usize>(
        &mut self,
        database: Database,
        ids: [Option<u32>; N],
    ) -> [Option<Name>; N] {
        match self.file(database) {
            (process, Some(file)) => find_names(process.system, database, file, ids),
            (_, None) => [None; N],
        }
    }

    fn file(&mut self, database: Database) -> (&mut Process<'a, S>, Option<&S::File>) {
        let file = match database {
            Database::Passwd => &self.passwd,
            Database::Group => &self.group,
        };
        (self.process, file.as_ref())
    }

    fn print_id(&mut self, database: Database, prefix: &[u8], id: u32, name: Option<Name>) {
        let everything = self.options.show == Show::Everything;
        self.process.print(prefix);
        if !self.options.names || name.is_none() {
            self.process.print_number(id);
        }
        match name {
            Some(name) if everything => {
                self.process.print(b"(");
                self.print_name(database, name);
                self.process.print(b")");
            }
            Some(name) if self.options.names => self.print_name(database, name),
            None if self.options.names => {
                self.complete = false;
                let digits = Decimal::new(id.into());
                self.process.complain(&[b"unknown ID ", digits.as_bytes()]);
            }
            _ => {}
        }
    }

    fn print_name(&mut self, database: Database, name: Name) {
        if let (process, Some(file)) = self.file(database) {
            print_name(process, file, name);
        }
    }
}
