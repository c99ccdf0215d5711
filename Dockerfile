# The app as an image: docker build -t undercurrent .
#
# BUILD has a JDK and Maven; BASE has a Java runtime, 17 or later, and bash. What is built lies in the image, what builds it
# does not. The first build downloads about 300 MB of libraries; one after a change of sources only compiles.
ARG BUILD=maven:3.9-eclipse-temurin-25
ARG BASE=eclipse-temurin:25-jre

FROM ${BUILD} AS build
WORKDIR /build
# Maven's plugins and the libraries, in layers that a change of sources leaves as they are. Without ND4J: the launcher asks
# for the Vector API, which is faster and gives the same bits, and that leaves 140 MB out.
COPY pom.xml .
RUN mvn -B -ntp -DskipTests -Dspotless.check.skip -Dlauncher package dependency:copy-dependencies \
      -DincludeScope=runtime -DexcludeGroupIds=org.nd4j,org.bytedeco -DoutputDirectory=target/lib
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
# Half of the container's memory for the heap: RocksDB and the network's buffers are outside it. A process that is out of
# memory ends, so that whoever started it starts it again.
ENV UNDERCURRENT_JAVA_OPTS="-XX:MaxRAMPercentage=50 -XX:+ExitOnOutOfMemoryError"
# Fails here, not at the user's, where the runtime lacks something.
RUN ./undercurrent --version
USER undercurrent
EXPOSE 8080
VOLUME /var/lib/undercurrent
# Whether records are processed now, asked at UNDERCURRENT_HEALTH (host/port). Restoring states takes its time; other
# commands than run want --no-healthcheck.
ENV UNDERCURRENT_HEALTH=127.0.0.1/8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/$UNDERCURRENT_HEALTH && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["/opt/undercurrent/undercurrent"]
CMD ["run", "--set", "undercurrent.http.host=0.0.0.0", "--set", "state.dir=/var/lib/undercurrent"]
