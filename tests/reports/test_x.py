import pytest
@pytest.mark.parametrize("path", ["", "/commissioned-v-actuals","/commissioned-v-actuals?first=1/9/2026&last=15/11/2026","/pending-payments-exceptions","/pending-scheduled-payments?first=1/9/2026&last=1/12/2026","/remittance-advice", "/commissioned-v-actuals?first=1/11/2026&last=15/9/2026","/commissioned-v-actuals?first=1/9/2026&last=15/11/2026&without=y&format=pdf","/commissioned-v-actuals?first=1/9/2026&last=15/11/2026&without=y&format=xlsx"])
@pytest.mark.parametrize("who", ["finance","officer"])
def test_x(client, cast, path, who):
    cast.sign_in(client, getattr(cast, who))
    side = "provider" if who=="finance" else "authority"
    client.application.config["PROPAGATE_EXCEPTIONS"]=True
    r=client.get(f"/{side}/reports{path}")
    print(r.status_code)
    assert r.status_code in (200,422)
