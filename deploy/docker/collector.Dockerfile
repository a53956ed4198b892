# docker build -f deploy/docker/collector.Dockerfile -t tenantwatch/collector:0.1.0 .
FROM python:3.13-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir uv==0.13.9
COPY . .
ENV UV_PROJECT_ENVIRONMENT=/opt/tenantwatch UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
RUN uv sync --frozen --no-dev --no-editable --extra collector

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin tenantwatch \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/tenantwatch /hand-over
COPY --from=build /opt/tenantwatch /opt/tenantwatch
COPY deploy/docker/prepare.sh /opt/tenantwatch/bin/prepare.sh
ENV PATH=/opt/tenantwatch/bin:$PATH
USER 10001:10001
VOLUME /var/lib/tenantwatch
EXPOSE 8000 50051
ENTRYPOINT ["/opt/tenantwatch/bin/tenantwatch-collector"]
CMD ["run", "--config", "/etc/tenantwatch/collector.toml"]
