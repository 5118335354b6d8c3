//! What a newcomer finds: somebody in each role, a project with prices, quota, keys, and something waiting to be decided.
//! All of it through the same services as in earnest, as the person who would do it.

use std::sync::Arc;

use kernel::{Lang, Quota};
use licensing::applications::{self, NewApplication};
use licensing::batches::{self, NewBatch};
use licensing::grants::{self, NewGrant};
use licensing::keys::KeyState;
use licensing::keys::manage::{self, KeyFilter};
use licensing::projects::{self, NewProject, Price, ProjectCreated, ProjectId, ValidityUnit};
use platform::idempotency::IdempotencyKey;
use platform::identity::{self, NewUserRow, Principal, Role, UserId, UserState, find_by_name, insert_user};
use platform::quota::withdrawal::WithdrawalAsk;
use platform::quota::{self, Recharge};
use platform::{Cx, Origin, Platform};

use super::hall;
use super::note::{Account, Note, Project};
use crate::super_admin::password;
use crate::trouble::{Result, Trouble};

const AGENT: &str = "agent";
const DESK: &str = "desk";
/// How many unused keys the note holds.
const KEYS: i64 = 10;

/// Fills an empty installation.
pub async fn fill(platform: &Arc<Platform>) -> Result<Note> {
    let mut accounts = Vec::new();
    let chief = person(platform, Role::SuperAdmin, "chief", None, &mut accounts).await?;
    let manager = person(platform, Role::AgentAdmin, "manager", None, &mut accounts).await?;
    let agent = person(platform, Role::Agent, AGENT, Some(&manager), &mut accounts).await?;

    let main = project(&chief, "演示播放器 Demo Player", false).await?;
    let other = project(&chief, "演示编辑器 Demo Editor", true).await?;
    for holder in [&manager, &agent] {
        grant(&chief, &main, holder).await?;
    }
    give(&chief, &manager, 100_000).await?;
    give(&manager, &agent, 20_000).await?;
    batch(&manager, main.project.id, 20, "代理管理员的批次").await?;
    batch(&agent, main.project.id, 100, "首批").await?;
    apply(&agent, other.project.id).await?;
    withdraw(&agent, 1_000).await?;

    let keys = unused(&agent, main.project.id).await?;
    let staff = person(platform, Role::VenueManager, "hall", None, &mut accounts).await?;
    hall::name_levels(&chief).await?;
    let hall = Some(hall::furnish(&staff, "演示球厅 Demo Hall", hall::TABLES, hall::ON_ONE_RELAY).await?);
    person(platform, Role::Cashier, DESK, None, &mut accounts).await?;
    hall::employ(&staff, DESK).await?;
    Ok(Note { console: platform.install.public_url.clone(), accounts, project: credentials(main), keys, hall })
}

/// The note of a demo that goes on: where it is now, and keys that are still unused.
pub async fn refresh(platform: &Arc<Platform>, mut note: Note) -> Result<Note> {
    note.console = platform.install.public_url.clone();
    if let Some(hall) = &mut note.hall {
        hall.app = hall::app(platform);
    }
    let found = find_by_name(&mut platform.db.read(), AGENT).await?;
    let (Some((agent, role)), Ok(project)) = (found, note.project.id.parse::<ProjectId>()) else { return Ok(note) };
    let agent = acting(
        platform,
        Principal { id: agent.id, name: agent.name, role, superior: None, session: Cx::system(Arc::clone(platform)).id() },
    );
    let mut keys = unused(&agent, project).await?;
    // Somebody may have ended the grant, or spent the quota: then the note has fewer.
    if (keys.len() as i64) < KEYS && batch(&agent, project, KEYS, "补充 More").await.is_ok() {
        keys = unused(&agent, project).await?;
    }
    note.keys = keys;
    Ok(note)
}

fn acting(platform: &Arc<Platform>, who: Principal) -> Cx {
    let origin = Origin { address: "127.0.0.1".into(), agent: "cuekey demo".into(), ..Origin::default() };
    Cx::visitor(Arc::clone(platform), origin, Lang::Zh).as_user(who)
}

/// Somebody with a password of their own, and the context of what they do.
pub async fn person(platform: &Arc<Platform>, role: Role, name: &str, superior: Option<&Cx>, accounts: &mut Vec<Account>) -> Result<Cx> {
    let password = password(&platform.random);
    let cx = Cx::system(Arc::clone(platform));
    let superior = superior.and_then(|superior| superior.user().ok()).map(|user| user.id);
    let id = match role {
        Role::SuperAdmin => identity::create_super_admin(&cx, name, &email(name), &password).await?,
        _ => insert(&cx, role, name, superior, &password).await?,
    };
    accounts.push(Account { role: role.to_string(), name: name.into(), password });
    Ok(acting(platform, Principal { id, name: name.into(), role, superior, session: cx.id() }))
}

fn email(name: &str) -> String {
    format!("{name}@demo.example")
}

/// Unlike those whom an admin creates, with a password that somebody knows already.
async fn insert(cx: &Cx, role: Role, name: &str, superior: Option<UserId>, password: &str) -> Result<UserId> {
    let password_hash = cx.passwords.hash(password, &cx.random).await?;
    let mut tx = cx.db.begin().await?;
    let row = NewUserRow {
        name,
        email: &email(name),
        role,
        state: UserState::Active,
        password_hash: &password_hash,
        // The person who started the demo has just read it.
        must_change_password: false,
        language: Lang::Zh,
        superior,
    };
    let id = insert_user(&mut tx, cx, &row).await?;
    tx.commit().await?;
    id.ok_or_else(|| Trouble::failed(format!("用户名 {name} 已被使用"), format!("the name {name} is taken")))
}

async fn project(chief: &Cx, name: &str, open_for_application: bool) -> Result<ProjectCreated> {
    let price = |unit, count, price| Price { unit, count, price: Quota::new(price) };
    let form = NewProject {
        name: name.into(),
        description: "演示项目 A project of the demo".into(),
        version: "1.0".into(),
        parameters: Default::default(),
        devices_per_key: 1,
        unbind_limit: Some(3),
        rate_per_minute: 600,
        prices: vec![
            price(ValidityUnit::Hour, 1, 1),
            price(ValidityUnit::Day, 1, 2),
            price(ValidityUnit::Month, 1, 30),
            price(ValidityUnit::Forever, 0, 300),
        ],
        open_for_application,
    };
    Ok(projects::create(chief, form, None).await?)
}

async fn grant(chief: &Cx, project: &ProjectCreated, holder: &Cx) -> Result<()> {
    let form = NewGrant { project_id: project.project.id, agent_id: holder.user()?.id, ends_at: None, note: "演示".into() };
    grants::create(chief, form, None).await?;
    Ok(())
}

async fn give(from: &Cx, to: &Cx, amount: i64) -> Result<()> {
    let ask = Recharge { amount: Quota::new(amount), memo: Some("演示".into()) };
    quota::recharge(from, to.user()?.id, &ask, &once(from)?).await?;
    Ok(())
}

/// Something for the manager to decide.
async fn withdraw(agent: &Cx, amount: i64) -> Result<()> {
    let ask = WithdrawalAsk {
        amount: Quota::new(amount),
        payee_name: "张三".into(),
        payee_account: "6222 0000 0000 0000".into(),
        payee_bank: "演示银行".into(),
        note: None,
    };
    quota::withdrawal::ask(agent, &ask, &once(agent)?).await?;
    Ok(())
}

async fn batch(agent: &Cx, project_id: ProjectId, count: i64, note: &str) -> Result<()> {
    let ask = NewBatch { project_id, count, unit: ValidityUnit::Month, validity: 1, note: note.into(), expected_total: None };
    batches::generate(agent, &ask, &once(agent)?).await?;
    Ok(())
}

async fn apply(agent: &Cx, project_id: ProjectId) -> Result<()> {
    let form = NewApplication { project_id, reason: "想代理这个项目 I would like to sell this one".into() };
    applications::apply(agent, form, None).await?;
    Ok(())
}

/// A key of its own for each write: nothing here is ever repeated.
pub(super) fn once(cx: &Cx) -> Result<IdempotencyKey> {
    let name = format!("demo-{:016x}", cx.random.u64());
    Ok(IdempotencyKey::new(&name, "demo", b"")?)
}

async fn unused(agent: &Cx, project: ProjectId) -> Result<Vec<String>> {
    let filter = KeyFilter { project: Some(project), state: Some(KeyState::Unused), agent: Some(agent.user()?.id), ..KeyFilter::default() };
    let page = manage::list(agent, &filter, &kernel::PageAsk::first(KEYS)).await?;
    Ok(page.items.into_iter().map(|key| key.key).collect())
}

fn credentials(created: ProjectCreated) -> Project {
    Project {
        id: created.project.id.to_string(),
        api_key: created.project.api_key,
        secret: created.secret,
        response_public_key: created.project.response_public_key,
    }
}
