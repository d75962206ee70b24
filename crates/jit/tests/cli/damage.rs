//! A file that can't be read: lists go on and name it, the issue itself is exit 9.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn a_damaged_file_never_hides_the_others() {
    let repo = Repo::new();
    repo.create("A");
    repo.write(".jit/issues/yy/yyyyyyyyyy.json", "{");
    repo.check(&["issue", "list"], expect![[r#"
        0001abcdef  normal  ready  -  A
        --- stderr
        warning: `.jit/issues/yy/yyyyyyyyyy.json` can't be read: it is not valid JSON: EOF while parsing an object at line 1 column 1
    "#]]);
    repo.check(&["issue", "show", "yyyy"], expect![[r#"
        --- stderr
        error: `.jit/issues/yy/yyyyyyyyyy.json` can't be read: it is not valid JSON: EOF while parsing an object at line 1 column 1
        hint: jit validate
        --- exit 9
    "#]]);
    repo.check(&["issue", "show", "yyyyyyyyyy", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"damaged","details":{"path":".jit/issues/yy/yyyyyyyyyy.json"},"hint":"jit validate","message":"`.jit/issues/yy/yyyyyyyyyy.json` can't be read: it is not valid JSON: EOF while parsing an object at line 1 column 1","retryable":false}}
        --- exit 9
    "#]]);
}
