# The app as an image: docker build -t undercurrent .
#
# BUILD is an image with a JDK and Maven. BASE is an image with bash and a Java runtime, 17 or later. Give both with their
# digests for a build that always starts from the same bytes (--build-arg BASE=eclipse-temurin:25-jre@sha256:...;
# docker buildx imagetools inspect NAME prints an image's digest). The result contains BASE and the app, but no build tools.
# The first build downloads about 300 MB of libraries. A build after a change of sources only compiles.
ARG BUILD=maven:3.9-eclipse-temurin-25
ARG BASE=eclipse-temurin:25-jre

FROM ${BUILD} AS build
WORKDIR /build
# Maven's plugins and the libraries are in layers that stay cached when sources change. pom.xml says which libraries the
# image lacks: Kafka's broker and ND4J.
COPY pom.xml .
RUN mvn -B -ntp -DskipTests -Dspotless.check.skip -Dlauncher package dependency:copy-dependencies@image-libraries
COPY topology topology
COPY src/main src/main
RUN mvn -B -ntp -DskipTests -Dspotless.check.skip -Dlauncher package

FROM ${BASE}
RUN groupadd --gid 10001 undercurrent \
 && useradd --uid 10001 --gid undercurrent --home-dir /var/lib/undercurrent --no-log-init undercurrent \
 && mkdir -p /var/lib/undercurrent \
 && chown undercurrent:undercurrent /var/lib/undercurrent
WORKDIR /opt/undercurrent
COPY --from=build /build/target/lib lib
COPY undercurrent .
COPY config/streams.properties config/compose.properties config/
COPY topology topology
COPY --from=build /build/target/undercurrent.jar /build/target/undercurrent-app.jar lib/
# The user below reads these files, whatever the umask of the checkout was. (COPY --chmod needs BuildKit.)
RUN chmod a+rx undercurrent \
 && chmod -R a+rX config topology
# A number, so that Kubernetes can check that it is not root's.
USER 10001:10001
# If the runtime lacks something, or the user must not read a file, the build fails here and not at the user.
RUN ./undercurrent --version \
 && test -r topology/enrich.yaml \
 && test -r config/streams.properties
EXPOSE 8080
# The only other folder that the app writes is /tmp, where native libraries (RocksDB, zstd) are unpacked and run: with
# --read-only, add --tmpfs /tmp:exec. With this variable, RocksDB's library has a fixed name there and replaces the file of a
# process that was killed. Without it, each killed process leaves 15 MB.
ENV ROCKSDB_SHAREDLIB_DIR=/tmp
VOLUME /var/lib/undercurrent
# Unhealthy means that only a restart helps. /health/ready is for those who wait until records are processed: do not restart
# on it, because it also fails when Kafka is away. The check asks the address UNDERCURRENT_HEALTH (host/port). For commands
# other than run use --no-healthcheck.
ENV UNDERCURRENT_HEALTH=127.0.0.1/8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/$UNDERCURRENT_HEALTH && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["/opt/undercurrent/undercurrent"]
CMD ["run", "--set", "undercurrent.http.host=0.0.0.0", "--set", "state.dir=/var/lib/undercurrent"]
