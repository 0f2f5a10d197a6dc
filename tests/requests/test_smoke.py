from models import *
def test_smoke(cast, client):
    cast.sign_in(client, cast.finance)
    for path in ["/provider/", "/provider/organisation", "/provider/services", f"/provider/services/{cast.north.id}", f"/provider/services/{cast.north.id}/details", f"/provider/services/{cast.north.id}/properties", "/provider/contacts", f"/provider/contacts/{cast.manager.contact_id}", f"/provider/contacts/{cast.manager.contact_id}/roles/new", f"/provider/contacts/{cast.manager.contact_id}/roles/new?role=2", "/provider/requests"]:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.text)
    role = Role.create(contact=cast.manager.contact, name=2, organisation=cast.oakfield, service=cast.north)
    client.get(f"/provider/contacts/{cast.manager.contact_id}?remove={role.id}")
    prop = Property.create(organisation=cast.oakfield, name="Heltra House")
    PropertyService.create(property=prop, service=cast.north)
    assert client.get(f"/provider/properties/{prop.id}").status_code == 200
    ids = {"organisation": cast.oakfield.id, "service": cast.north.id, "service-details": cast.north.id, "property": prop.id, "contact": cast.manager.contact_id, "contact-new": cast.oakfield.id, "login": cast.manager.contact_id, "contact-remove": cast.manager.contact_id, "role-add": cast.manager.contact_id, "role-remove": role.id}
    for kind, ident in ids.items():
        answer = client.get(f"/provider/requests/new/{kind}/{ident}")
        assert answer.status_code == 200, kind
        from tests.pages import press
        answer = press(client, f"/provider/requests/new/{kind}/{ident}", comment="please", **{"organisation": {"telephone": "01632 960 999"}, "service": {"email": "a@b.example"}, "service-details": {"description": "Warm"}, "property": {"shops": "0.25"}, "contact": {"mobile": "07755 666555", "types": ["Admin"]}, "contact-new": {"surname": "Ünver", "forename": "O'Brien", "role": "2", "role_for": f"service-{cast.north.id}", "access": "y", "portal_email": "new@oakfield.example"}, "login": {"portal_email": "other@oakfield.example"}, "contact-remove": {}, "role-add": {"role": "2", "role_for": f"service-{cast.south.id}"}, "role-remove": {}}[kind])
        assert answer.status_code == 303, (kind, answer.text)
        row = ChangeRequest.select().order_by(ChangeRequest.id.desc()).first()
        assert row.kind == kind
        assert client.get(f"/provider/requests/{row.id}").status_code == 200
    for path in ["/provider/organisation", "/provider/services", f"/provider/services/{cast.north.id}", f"/provider/services/{cast.north.id}/details", f"/provider/services/{cast.north.id}/properties", "/provider/contacts", f"/provider/contacts/{cast.manager.contact_id}", "/provider/requests", "/provider/requests?format=csv"]:
        assert client.get(path).status_code == 200
    from blueprints.requests import rules
    from blueprints.history import Actor
    for row in ChangeRequest.select().order_by(ChangeRequest.id):
        if row.kind in ("contact-remove", "role-remove"): continue
        rules.accept(row.id, Actor(cast.officer.id, "Amir Khan"))
    for row in ChangeRequest.select().where(ChangeRequest.state == "Pending").order_by(-ChangeRequest.id):
        rules.accept(row.id, Actor(cast.officer.id, "Amir Khan"))
    print([(r.kind, r.state, r.thing_name) for r in ChangeRequest.select()])
    assert client.get("/provider/requests").status_code == 200
