"""Users made and asked to enroll in one call (E-16)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from sync_core.directory.mail import Mail
from sync_core.directory.roles import Role
from sync_core.errors import Transient
from sync_core.links import LinkKind, Links
from sync_core.storage import enrollments, outbox
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.storage.enrollments import EnrollmentRows
from sync_core.storage.records import record
from sync_core.trash.erase import Eraser
from tests.admin_api.caller import AdminCaller
from tests.http.calls import Api
from tests.management.deployment import NOW, SITE, box, deployed

LINKS = Links(box(), SITE.public_url)


def mails(admin: AdminCaller) -> list[Mail]:
    return [record(row, Mail) for row in admin.api.deployment.tables.rows(outbox.TABLE)]


async def test_the_user_is_made_and_its_link_waits_to_be_mailed(admin: AdminCaller) -> None:  # E-16
    code = await admin("enroll_user", "ann", "ann@corp.example")
    (ann,) = await admin("get_users_by_name", "ann")
    assert (ann["email"], ann["status"], ann["is_enrolled"], ann["directory_key"]) == ("ann@corp.example", "active", False, None)
    assert LINKS.read(LinkKind.ENROLLMENT, code) == (ann["user_id"], 1)
    (mail,) = mails(admin)
    assert (mail.kind.value, mail.to_address) == ("enrollment", "ann@corp.example")
    assert mail.about == {"owner": ann["user_id"], "generation": "1", "username": "ann"}
    stored = await EnrollmentRows(admin.api.deployment.tables).read(ann["user_id"])
    assert stored is not None
    assert stored[0].expires_at == NOW + timedelta(days=30)
    rows = [row for table in ("Enrollments", "Outbox", "Log", "Users") for row in admin.api.deployment.tables.rows(table)]
    assert code.rpartition(".")[2] not in str(rows)
    log = {row["action"]: row for row in await admin("get_administrator_log")}
    assert log["send_enroll_code"]["object"] == "ann"


@pytest.mark.parametrize(("seconds", "life"), [(60, timedelta(seconds=60)), (0, None)])
async def test_a_link_lives_as_long_as_is_said_0_for_ever(admin: AdminCaller, seconds: int, life: timedelta | None) -> None:  # E-16
    code = await admin("enroll_user", "ann", "ann@corp.example", valid_secs=seconds)
    stored = await EnrollmentRows(admin.api.deployment.tables).read(LINKS.read(LinkKind.ENROLLMENT, code)[0])
    assert stored is not None
    assert stored[0].expires_at == (NOW + life if life else None)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", {"username": "ann", "email": "nowhere"}),
        ("username", {"username": "a\nb", "email": "ann@corp.example"}),
        ("valid_secs", {"username": "ann", "email": "ann@corp.example", "valid_secs": "-1"}),
        ("valid_secs", {"username": "ann", "email": "ann@corp.example", "valid_secs": "9" * 12}),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field_and_leaves_nothing(admin: AdminCaller, field: str, values: dict[str, str]) -> None:
    status, code, said = await admin.refused("json_api_call", "POST", "/admin/v1/users/enroll", values)
    assert (status, code, said.split(":")[0]) == (400, 40002, field)
    assert await admin("get_users") == mails(admin) == []


@pytest.mark.parametrize("missing", ["username", "email"])
async def test_a_name_and_an_address_are_needed(admin: AdminCaller, missing: str) -> None:
    values = {"username": "ann", "email": "ann@corp.example", missing: ""}
    assert (await admin.refused("json_api_call", "POST", "/admin/v1/users/enroll", values))[:2] == (400, 40001)


async def test_a_name_that_somebody_has_is_refused_but_for_the_same_address(admin: AdminCaller) -> None:
    await admin("add_user", "ann", email="ann@corp.example", alias1="a")
    assert (await admin.refused("enroll_user", "ann", "other@corp.example"))[:2] == (400, 40003)
    assert (await admin.refused("enroll_user", "a", "ann@corp.example"))[:2] == (400, 40003)
    code = await admin("enroll_user", "Ann", "ann@corp.example")
    assert await admin("enroll_user", "ann", "ANN@corp.example", valid_secs=60) == code
    assert len(mails(admin)) == 1
    admin.api.deployment.clock.at += timedelta(days=30)
    assert LINKS.read(LinkKind.ENROLLMENT, await admin("enroll_user", "ann", "ann@corp.example"))[1] == 2


async def test_who_has_a_device_is_not_asked_to_enroll(admin: AdminCaller) -> None:
    ann = await admin("add_user", "ann", email="ann@corp.example")
    phone = await admin("add_phone", number="+442079460316")
    await admin("add_user_phone", ann["user_id"], phone["phone_id"])
    users = admin.api.deployment.context.users
    await users.change(ann["user_id"], lambda user: replace(user, phones=tuple(replace(p, activated=True) for p in user.phones)))
    assert (await admin.refused("enroll_user", "ann", "ann@corp.example"))[:2] == (400, 40003)
    assert mails(admin) == []


async def test_a_deleted_user_leaves_neither_enrollment_nor_mail(admin: AdminCaller) -> None:  # D-35
    await admin("enroll_user", "ann", "ann@corp.example")
    (ann,) = await admin("get_users")
    await admin("delete_user", ann["user_id"])
    assert admin.api.deployment.tables.rows(enrollments.TABLE) == mails(admin) == []


async def test_so_does_one_who_is_purged(admin: AdminCaller) -> None:  # D-27, D-35
    await admin("enroll_user", "ann", "ann@corp.example")
    await admin("enroll_user", "bea", "bea@corp.example")
    (ann,) = await admin("get_users_by_name", "ann")
    await Eraser(admin.api.deployment.tables)([ann["user_id"]])
    assert [mail.to_address for mail in mails(admin)] == ["bea@corp.example"]
    assert len(admin.api.deployment.tables.rows(enrollments.TABLE)) == 1


class Lost:
    """Loses one reply to a write, after it was written."""

    def __init__(self, place: int) -> None:
        self.left = place

    def __call__(self, point: Point, _port: Port, method: Method, _call: Call) -> None:
        if point == "after" and method in ("write", "transact"):
            self.left -= 1
            if self.left == -1:
                raise Transient("the reply was lost", retry_after=0)


async def test_whichever_reply_was_lost_asked_again_one_user_has_one_code_and_one_mail() -> None:
    for place in range(200):
        loses = Lost(10**6)
        deployment = await deployed(loses)
        admin = await AdminCaller.of(Api(deployment), Role.OWNER)
        loses.left = place
        try:
            code = await admin("enroll_user", "ann", "ann@corp.example")
        except RuntimeError:
            deployment.clock.at += timedelta(minutes=11)
            code = await admin("enroll_user", "ann", "ann@corp.example")
        if loses.left >= 0:
            assert place >= 5
            return
        (ann,) = await admin("get_users_by_name", "ann")
        assert LINKS.read(LinkKind.ENROLLMENT, code) == (ann["user_id"], 1)
        assert len(mails(admin)) == len(deployment.tables.rows(enrollments.TABLE)) == 1
