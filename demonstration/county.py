def build(last):
    yield ""
