//! The people, the project and the stand-ins that a scenario plays with, made through the API as in earnest.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cuekey_sdk::Client;
use kernel::{Clock, Stopwatch};
use reqwest::Method;
use sandbox::{Hook, Line, Mailbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use crate::http::{self, Ask, Person, expect, text};
use crate::server::{Server, Setup, free_address};

const PASSWORD: &str = "a horse in a battery";
pub const AGENTS: usize = 8;
/// What each agent begins with: more than any scenario spends.
pub const INITIAL: i64 = 1_000_000_000;
pub const PRICE: i64 = 2;
/// Devices a key may have.
pub const SEATS: usize = 2;
/// Keys that all clients fight for.
const SHARED: usize = 12;
const MAIL: Duration = Duration::from_secs(30);

pub struct World {
    /// Several processes on one PostgreSQL, or one.
    pub nodes: Vec<Setup>,
    pub http: reqwest::Client,
    pub boss: Person,
    pub manager: Person,
    pub agents: Vec<Person>,
    pub project: String,
    /// With these its programs sign.
    pub api_key: String,
    pub secret: String,
    /// Id and text of the keys that belong to all.
    pub shared: Vec<(String, String)>,
    sdk: Vec<Client>,
    pub mailbox: Mailbox,
    pub hook: Hook,
    /// The ways to the stand-ins.
    pub mail_line: Line,
    pub hook_line: Line,
    // Last: the database goes with it.
    pub folder: TempDir,
}

impl World {
    /// Starts the first node, and fills it. `database` is PostgreSQL's address, or none for SQLite. The servers that were started
    /// are handed over running.
    pub async fn make(cuekey: PathBuf, database: Option<String>, nodes: usize) -> Result<(Self, Vec<Server>)> {
        let mut world = Self::bare(cuekey, database, nodes).await?;
        let mut servers = Vec::new();
        for setup in &world.nodes {
            servers.push(setup.serve().await?);
        }
        world.fill().await.with_context(|| format!("filling the installation; {}", crate::server::tail(&world.nodes[0].log)))?;
        Ok((world, servers))
    }

    /// An installation that has a super admin and nothing else. No node was started yet.
    pub async fn bare(cuekey: PathBuf, database: Option<String>, nodes: usize) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("cuekey-chaos-").tempdir()?;
        let (mailbox, hook) = (Mailbox::open().await?, Hook::open().await?);
        let (mail_line, hook_line) = (Line::to(mailbox.address()).await?, Line::to(hook.address()).await?);
        let mut setups = Vec::new();
        for node in 0..nodes {
            setups.push(Setup {
                cuekey: cuekey.clone(),
                data: folder.path().join(format!("data-{node}")),
                address: free_address()?,
                database: database.clone(),
                mail: mail_line.address(),
                master_key: folder.path().join("master.key"),
                faults: None,
                extra: Vec::new(),
                log: folder.path().join(format!("server-{node}.log")),
            });
        }
        let boss = Person { name: "boss".into(), ..Person::default() };
        let world = Self {
            nodes: setups,
            http: http::client()?,
            boss,
            manager: Person::default(),
            agents: Vec::new(),
            project: String::new(),
            api_key: String::new(),
            secret: String::new(),
            shared: Vec::new(),
            sdk: Vec::new(),
            mailbox,
            hook,
            mail_line,
            hook_line,
            folder,
        };
        create_boss(&world.nodes[0]).await?;
        Ok(world)
    }

    /// The super admin, once the first node runs.
    pub async fn boss_signs_in(&mut self) -> Result<()> {
        self.boss = self.sign_in("boss", PASSWORD).await?;
        Ok(())
    }

    pub fn url(&self) -> String {
        self.nodes[0].url()
    }

    /// The client of the verification API that asks this node.
    pub fn program(&self, node: usize) -> &Client {
        &self.sdk[node]
    }

    pub async fn post(&self, who: &Person, path: &str, body: Value, wanted: u16) -> Result<Value> {
        let key = format!("setup-{:016x}", kernel::Random::system().u64());
        let ask = Ask { who, method: Method::POST, path, body: Some(&body), key: Some(&key) };
        expect(&self.http, &self.url(), ask, wanted).await
    }

    pub async fn get(&self, who: &Person, path: &str) -> Result<Value> {
        expect(&self.http, &self.url(), Ask { who, method: Method::GET, path, body: None, key: None }, 200).await
    }

    async fn fill(&mut self) -> Result<()> {
        self.boss_signs_in().await?;
        // More withdrawals than honest agents ask for in a year.
        let often = json!({"value": 1_000_000});
        let ask =
            Ask { who: &self.boss, method: Method::PATCH, path: "/api/v1/settings/security.asked_per_hour", body: Some(&often), key: None };
        expect(&self.http, &self.url(), ask, 200).await?;
        let manager = self.person(&self.boss, "manager", "agent_admin", INITIAL * 20).await?;
        self.manager = manager;
        for n in 0..AGENTS {
            let agent = self.person(&self.manager, &format!("agent-{n}"), "agent", INITIAL).await?;
            self.agents.push(agent);
        }
        self.make_project().await?;
        let batch = self
            .post(
                &self.agents[0],
                "/api/v1/batches",
                json!({"project_id": self.project, "count": SHARED, "unit": "day", "validity": 1}),
                201,
            )
            .await?;
        self.shared = self.keys_of(&self.agents[0], &text(&batch, "/id")?).await?;
        Ok(())
    }

    async fn make_project(&mut self) -> Result<()> {
        let form = json!({
            "name": "Chaos", "devices_per_key": SEATS, "rate_per_minute": 1_000_000, "prices": [{"unit": "day", "count": 1, "price": PRICE}]
        });
        let made = self.post(&self.boss, "/api/v1/projects", form, 201).await?;
        self.project = text(&made, "/project/id")?;
        self.api_key = text(&made, "/project/api_key")?;
        self.secret = text(&made, "/secret")?;
        let public_key = text(&made, "/project/response_public_key")?;
        for node in &self.nodes {
            let builder = Client::builder([node.url()], self.api_key.as_str(), self.secret.as_str(), public_key.as_str());
            self.sdk.push(builder.http_client(self.http.clone()).build()?);
        }
        let callback = json!({
            "url": format!("http://{}/hook", self.hook_line.address()), "events": ["key.activated", "key.unbound", "batch.created"]
        });
        let path = format!("/api/v1/projects/{}/callback", self.project);
        let ask = Ask { who: &self.boss, method: Method::PUT, path: &path, body: Some(&callback), key: None };
        expect(&self.http, &self.url(), ask, 200).await?;
        for agent in self.agents.iter().chain([&self.manager]) {
            self.post(&self.boss, "/api/v1/grants", json!({"project_id": self.project, "agent_id": agent.id}), 201).await?;
        }
        Ok(())
    }

    /// Ids and texts of a batch's first keys.
    pub async fn keys_of(&self, who: &Person, batch: &str) -> Result<Vec<(String, String)>> {
        let page = self.get(who, &format!("/api/v1/keys?batch={batch}&limit=50")).await?;
        let items = page["items"].as_array().context("no keys")?;
        items.iter().map(|key| Ok((text(key, "/id")?, text(key, "/key")?))).collect()
    }

    /// Created by `creator`; signs in with the password from the letter, and chooses another.
    async fn person(&self, creator: &Person, name: &str, role: &str, quota: i64) -> Result<Person> {
        let form = json!({"name": name, "email": format!("{name}@example.com"), "role": role, "initial_quota": quota});
        self.post(creator, "/api/v1/users", form, 201).await?;
        let first = self.first_password(name).await?;
        let person = self.sign_in(name, &first).await?;
        self.post(&person, "/api/v1/me/password", json!({"current": first, "password": PASSWORD}), 204).await?;
        Ok(person)
    }

    async fn first_password(&self, name: &str) -> Result<String> {
        let (to, watch) = (format!("{name}@example.com"), Stopwatch::start());
        loop {
            for letter in self.mailbox.letters().iter().filter(|letter| letter.to.contains(&to)) {
                if let Some(password) = letter.body().lines().find_map(|line| line.strip_prefix("First password: ")) {
                    return Ok(password.to_owned());
                }
            }
            if watch.elapsed() > MAIL {
                bail!("no letter with a password for {name}: {:?}", self.mailbox.letters());
            }
            Clock::System.sleep(Duration::from_millis(20)).await;
        }
    }

    async fn sign_in(&self, name: &str, password: &str) -> Result<Person> {
        let signed_in = self.post(&Person::default(), "/api/v1/session", json!({"name": name, "password": password}), 200).await?;
        Ok(Person { name: name.to_owned(), id: text(&signed_in, "/me/id")?, token: text(&signed_in, "/token")? })
    }
}

async fn create_boss(setup: &Setup) -> Result<()> {
    let mut create = setup.command(&["create-super-admin", "--name", "boss", "--email", "boss@example.com", "--password-stdin"]);
    let mut child = create.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().context("no standard input")?.write_all(PASSWORD.as_bytes()).await?;
    let output = child.wait_with_output().await?;
    if !output.status.success() {
        bail!("create-super-admin: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
