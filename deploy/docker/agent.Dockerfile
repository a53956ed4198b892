# docker build -f deploy/docker/agent.Dockerfile -t tenantwatch/agent:0.1.0 .
FROM python:3.13-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir uv==0.13.9
COPY . .
ENV UV_PROJECT_ENVIRONMENT=/opt/tenantwatch UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
RUN uv sync --frozen --no-dev --no-editable --extra agent --extra postgres --extra mysql --extra kubernetes --extra http2 --extra regex --extra dns

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin tenantwatch \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/tenantwatch-agent
COPY --from=build /opt/tenantwatch /opt/tenantwatch
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
VOLUME /var/lib/tenantwatch-agent
ENTRYPOINT ["/opt/tenantwatch/bin/tenantwatch-agent"]
CMD ["run", "--config", "/etc/tenantwatch/agent.toml"]
