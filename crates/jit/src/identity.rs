//! Who acts when nobody says so: the git user, else the login name.
//!
//! Owns the reading of git's configuration files. Refuses to run git, to follow includes, and to read anything from them
//! but `user.name`.

use jit_core::Assignee;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Longest configuration file that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// Returns the person at the keyboard; `common_dir` is git's common directory, `environment` looks up a variable.
pub(crate) fn person(
    common_dir: Option<&Path>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Option<Assignee> {
    let from_git = || {
        let files = git_files(common_dir, &environment);
        files.iter().find_map(|path| user_name(&read(path)?))
    };
    let login = || {
        let names = ["USER", "LOGNAME"];
        names.iter().find_map(|name| {
            let name = environment(name)?.into_string().ok();
            name.filter(|name| !name.is_empty())
        })
    };
    // A name that can't be shown as it is names nobody, so the next one is asked.
    let person = |name: String| Assignee::parse(&format!("human:{name}")).ok();
    from_git()
        .and_then(person)
        .or_else(|| login().and_then(person))
        .or_else(|| account_name().and_then(person))
}

/// Returns git's configuration files, the one that counts most first.
fn git_files(
    common_dir: Option<&Path>,
    environment: &impl Fn(&str) -> Option<OsString>,
) -> Vec<PathBuf> {
    let path = |name: &str| {
        environment(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let mut files: Vec<PathBuf> = common_dir
        .map(|dir| dir.join("config"))
        .into_iter()
        .collect();
    if let Some(global) = path("GIT_CONFIG_GLOBAL") {
        files.push(global);
    } else {
        let home = path("HOME");
        files.extend(home.as_ref().map(|home| home.join(".gitconfig")));
        let xdg = path("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config")));
        files.extend(xdg.map(|dir| dir.join("git/config")));
    }
    if path("GIT_CONFIG_NOSYSTEM").is_none() {
        files.push(path("GIT_CONFIG_SYSTEM").unwrap_or_else(|| PathBuf::from("/etc/gitconfig")));
    }
    files
}

/// Returns the text of a plain file; what can't be read names nobody.
fn read(path: &Path) -> Option<String> {
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(MAX_FILE).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Returns the last `user.name` of a configuration text.
fn user_name(text: &str) -> Option<String> {
    let mut is_user = false;
    let mut found = None;
    for line in text.replace("\\\n", "").lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix('[') {
            let (section, after) = rest.split_once(']').unwrap_or((rest, ""));
            is_user = section.trim().eq_ignore_ascii_case("user");
            found = name_in(after).filter(|_| is_user).or(found);
        } else if is_user {
            found = name_in(line).or(found);
        }
    }
    found.filter(|name| !name.is_empty())
}

fn name_in(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    key.trim()
        .eq_ignore_ascii_case("name")
        .then(|| unquote(value.trim()))
}

/// Takes quotes, escapes and comments out of a value, as git does.
fn unquote(value: &str) -> String {
    let mut plain = String::new();
    let mut is_quoted = false;
    let mut chars = value.chars();
    while let Some(ch) = chars.next() {
        match ch {
            '"' => is_quoted = !is_quoted,
            '#' | ';' if !is_quoted => break,
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => {}
            },
            _ => plain.push(ch),
        }
    }
    plain.trim_end().to_owned()
}

/// Returns the name of this account, for environments that do not say it.
fn account_name() -> Option<String> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let accounts = read(Path::new("/etc/passwd")).unwrap_or_default();
    let entry = accounts
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let name = entry
        .into_iter()
        .find(|fields| fields.get(2) == Some(&uid.as_str()))
        .and_then(|fields| fields.first().map(|name| (*name).to_owned()));
    name.or_else(|| Some(format!("uid-{uid}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_user_name_of_a_configuration_counts() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(user_name(text).as_deref(), expected, "{text}");
        };
        check("[user]\n\tname = Ada Lovelace\n", Some("Ada Lovelace"));
        check("[User] NAME = \"Ada # L\" ; who\n", Some("Ada # L"));
        check(
            "[user]\nname = A\n[core]\nname = B\n[user]\nname = C\n",
            Some("C"),
        );
        check("[user \"x\"]\nname = A\n", None);
        check("[user]\nname =\n", None);
        check("[user]\nname = a\\\n b # c\n", Some("a b"));
        check("[user\nname", None);
        check("", None);
    }

    #[test]
    fn the_repository_counts_before_the_person_and_the_login() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let home = dir.path().join("home");
        let who = |common: Option<&Path>| {
            let look = |name: &str| match name {
                "HOME" => Some(home.clone().into_os_string()),
                "USER" => Some(OsString::from("ada")),
                "GIT_CONFIG_NOSYSTEM" => Some(OsString::from("1")),
                _ => None,
            };
            person(common, look).unwrap().to_string()
        };
        assert_eq!(who(None), "human:ada");
        write("home/.config/git/config", "[user]\nname = Xdg\n");
        assert_eq!(who(None), "human:Xdg");
        write("home/.gitconfig", "[user]\nname = Home\n");
        assert_eq!(who(None), "human:Home");
        write("git/config", "[user]\nname = Here\n");
        assert_eq!(who(Some(&dir.path().join("git"))), "human:Here");
        // A name that could act on a terminal names nobody.
        write("git/config", "[user]\nname = \"a\\tb\"\n");
        assert_eq!(who(Some(&dir.path().join("git"))), "human:ada");
    }
}
