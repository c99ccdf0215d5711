package io.undercurrent.app;

import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeStreamsGroupsOptions;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.streams.StreamsConfig;

/** The members of an application's group, under either group protocol. Stateless. */
final class GroupMembers {

  private final StreamsConfig streams;
  private final String group;

  GroupMembers(StreamsConfig streams) {
    this.streams = streams;
    this.group = streams.getString(StreamsConfig.APPLICATION_ID_CONFIG);
  }

  /**
   * The hosts of the members, one for each.
   *
   * @throws AppException if the brokers do not answer or do not permit to ask
   */
  List<String> hosts(Admin admin) {
    try {
      return AdminRequests.get(
              admin
                  .describeConsumerGroups(
                      List.of(group),
                      new DescribeConsumerGroupsOptions().timeoutMs(AdminRequests.timeoutMs()))
                  .describedGroups()
                  .get(group))
          .members()
          .stream()
          .map(member -> member.host())
          .toList();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException) {
        return hostsOfStreamsGroup(admin);
      }
      throw failed(e);
    }
  }

  private List<String> hostsOfStreamsGroup(Admin admin) {
    try {
      return AdminRequests.get(
              admin
                  .describeStreamsGroups(
                      List.of(group),
                      new DescribeStreamsGroupsOptions().timeoutMs(AdminRequests.timeoutMs()))
                  .describedGroups()
                  .get(group))
          .members()
          .stream()
          .map(member -> member.clientHost())
          .toList();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException
          || e.getCause() instanceof UnsupportedVersionException) { // no broker has such groups
        return List.of();
      }
      throw failed(e);
    }
  }

  private AppException failed(ExecutionException e) {
    return AdminRequests.requestFailed(
        AdminRequests.bootstrapServers(streams), "describe group " + group, e.getCause());
  }
}
