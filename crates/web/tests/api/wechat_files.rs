//! The files by which WeChat sees whose a domain is: shown where WeChat looks for them, and nothing else is.

use axum::http::Method;
use testkit::on_server;

const NAME: &str = "MP_verify_a1B2c3D4.txt";
const SAYS: &str = "a1B2c3D4";

on_server! {
    async fn a_file_of_the_folder_is_shown_at_the_domains_root_and_beside_the_printed_codes(server) {
        let folder = tempfile::tempdir().unwrap();
        let wechat = server.visitor_where_files_are_in(folder.path());
        wechat.get(&format!("/{NAME}")).await.refused(404, "NO_SUCH_ROUTE");
        // It counts from the moment on at which it lies there.
        std::fs::write(folder.path().join(NAME), SAYS).unwrap();
        for place in ["/", "/m/"] {
            let answer = wechat.get(&format!("{place}{NAME}")).await;
            assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, SAYS), "{place}");
            assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        }
        wechat.send(Method::POST, &format!("/{NAME}"), None).await.refused(405, "METHOD_NOT_ALLOWED");
        server.visitor().get(&format!("/{NAME}")).await.refused(404, "NO_SUCH_ROUTE");
    }

    async fn nothing_else_of_that_folder_is_shown_nor_anything_outside_of_it(server) {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("wechat");
        std::fs::create_dir_all(folder.join("more")).unwrap();
        std::fs::create_dir(folder.join("folder.txt")).unwrap();
        for name in ["secret.txt", "master.key", "wechat/a.key", "wechat/a b.txt", "wechat/.txt", "wechat/more/a.txt"] {
            std::fs::write(data.path().join(name), "secret").unwrap();
        }
        std::fs::write(folder.join("whole.txt"), "x".repeat(1024)).unwrap();
        std::fs::write(folder.join("long.txt"), "x".repeat(1025)).unwrap();
        let wechat = server.visitor_where_files_are_in(&folder);
        for name in ["a.key", "a%20b.txt", ".txt", "more/a.txt", "folder.txt", "long.txt", "..%2fsecret.txt", "../secret.txt", "%2e%2e/master.key"] {
            for place in ["/", "/m/"] {
                let answer = wechat.get(&format!("{place}{name}")).await;
                assert_eq!(answer.status, 404, "{place}{name}: {}", answer.text());
            }
        }
        assert_eq!(wechat.get("/whole.txt").await.bytes.len(), 1024);
    }
}
