import pytest
import yaml

from polyaxon_airflow.init.dockerfile import render
from polyaxon_airflow.sections.values import Dockerfile


# The order of instructions is that of the template of Polyaxon 2.18; quoting and continuation are Docker's reference.
@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("{image: a, langEnv: C.UTF-8, path: [/x, /y], env: {A: 'say \"hi\"', B: 1}}",
                     ["FROM a", 'ENV LC_ALL="C.UTF-8"', 'ENV LANG="C.UTF-8"', 'ENV LANGUAGE="C.UTF-8"',
                      'ENV SHELL="/bin/bash"', 'ENV PATH="${PATH}:/x"', 'ENV PATH="${PATH}:/y"',
                      'ENV A="say \\"hi\\""', 'ENV B="1"', "WORKDIR /code"], id="environment"),
        pytest.param("{image: a, env: [[A, b]], shell: /bin/sh, workdir: /w}",
                     ["FROM a", 'ENV SHELL="/bin/sh"', 'ENV A="b"', "WORKDIR /w"], id="pairs, shell, workdir"),
        pytest.param("{image: a, copy: [req.txt, [src, /src]], run: [pip install x, 'a\n\nb'], postRunCopy: ['my file']}",
                     ["FROM a", 'ENV SHELL="/bin/bash"', "WORKDIR /code", "COPY req.txt /code", "COPY src /src",
                      "RUN pip install x", "RUN a \\", "    b", 'COPY ["my file", "/code"]'], id="copies around runs"),
        pytest.param("{image: a, uid: 1, gid: 2, username: ada, workdirPath: ./module}",
                     ["FROM a", 'ENV SHELL="/bin/bash"', "WORKDIR /code",
                      "RUN groupadd -g 2 -r polyaxon && useradd -r -m -g polyaxon -u 1 ada", "COPY ./module /code"],
                     id="a user, and the code last"),
    ],
)  # fmt: skip
def test_the_instructions(text, lines):
    assert render(Dockerfile.model_validate(yaml.safe_load(text))).splitlines() == lines
