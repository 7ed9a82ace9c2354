//! The variables that a process begins with.

use std::sync::Arc;

/// The search path of programs where an image has none, as containerd and CRI-O set it.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The variables of a container, and where it is.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// `NAME=VALUE`, shared by containers that have the same.
    variables: Arc<[String]>,
    hostname: Hostname,
}

/// `HOSTNAME=` and the name of a pod's host.
#[derive(Debug, Clone)]
pub(crate) struct Hostname(Arc<str>);

const HOSTNAME: &str = "HOSTNAME=";

impl Hostname {
    /// The name that a sandbox was given; without one it is on its node's network and has the
    /// node's, of which a runtime knows nothing here.
    pub(crate) fn new(name: &str) -> Self {
        let name = if name.is_empty() { "localhost" } else { name };
        Self(format!("{HOSTNAME}{name}").into())
    }
}

impl Environment {
    pub(crate) fn new(variables: Arc<[String]>, hostname: Hostname) -> Self {
        Self { variables, hostname }
    }

    pub(super) fn hostname(&self) -> &str {
        self.hostname.0.strip_prefix(HOSTNAME).unwrap_or(&self.hostname.0)
    }

    /// The variable at `index`; the host's name comes second, unless somebody has set it.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let is_set = self.variables.iter().any(|variable| variable.starts_with(HOSTNAME));
        match index {
            1 if !is_set => Some(&self.hostname.0),
            0 => self.variables.first().map(String::as_str),
            index => self.variables.get(index - usize::from(!is_set)).map(String::as_str),
        }
    }
}

/// What a container's processes begin with: the search path, the image's variables and the
/// container's own; of those with the same name the last one counts, in the place of the first.
pub(crate) fn variables<'a>(
    image: &'a [String],
    own: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Arc<[String]> {
    let own = own.map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)));
    let mut variables = vec![PATH.to_owned()];
    for variable in image.iter().cloned().chain(own) {
        let name = |text: &str| text.split('=').next().map(str::to_owned);
        match variables.iter_mut().find(|other| name(other) == name(&variable)) {
            Some(other) => *other = variable,
            None => variables.push(variable),
        }
    }
    variables.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_containers_own_variables_replace_the_images() {
        let image = ["A=1".to_owned(), "PATH=/bin".to_owned()];
        let own = [("A", b"2".as_slice()), ("B", b"x=y")];
        let variables = variables(&image, own.into_iter());
        assert_eq!(&*variables, ["PATH=/bin", "A=2", "B=x=y"]);
        let environment = Environment::new(variables, Hostname::new("web"));
        let all: Vec<&str> = (0..).map_while(|index| environment.get(index)).collect();
        assert_eq!(all, ["PATH=/bin", "HOSTNAME=web", "A=2", "B=x=y"]);
    }
}
