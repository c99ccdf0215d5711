package io.undercurrent.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.undercurrent.model.ModelConfig;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Computes the head with ONNX Runtime on one thread, one graph a call. The adaptive softmax has the
 * same savings as here: a cluster is computed in one product for the rows that need it, and skipped
 * if no row does.
 */
final class OnnxHead implements HeadSubject {

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final List<Map<String, OnnxTensor>> inputs = new ArrayList<>(); // of each call

  OnnxHead(HeadCase one, List<HeadCase.Call> calls) {
    try {
      session = OnnxSessions.onOneThread(model(one).bytes());
      for (HeadCase.Call call : calls) {
        int rows = call.targets().length;
        int ends = call.ends().length;
        FloatBuffer h = FloatBuffer.wrap(call.h());
        long[] shape = {rows, one.config().hiddenSize()};
        inputs.add(
            Map.of(
                "h", OnnxTensor.createTensor(environment, h, shape),
                "targets", tensor(call.targets(), rows),
                "ends", tensor(call.ends(), ends)));
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private OnnxTensor tensor(int[] ids, int n) throws OrtException {
    long[] longs = Arrays.stream(ids).asLongStream().toArray();
    return OnnxTensor.createTensor(environment, LongBuffer.wrap(longs), new long[] {n});
  }

  private static OnnxModel model(HeadCase one) {
    ModelConfig config = one.config();
    int hidden = config.hiddenSize();
    int outputs = config.headSize();
    int frequent = config.clusterStart(0);
    int clusters = config.nextToken().clusters();
    OnnxModel model =
        new OnnxModel()
            .input("h", OnnxModel.FLOAT, OnnxModel.ANY, hidden)
            .input("targets", OnnxModel.INT64, OnnxModel.ANY)
            .input("ends", OnnxModel.INT64, OnnxModel.ANY)
            .output("logs", OnnxModel.FLOAT, OnnxModel.ANY, 1)
            .output("probabilities", OnnxModel.FLOAT, OnnxModel.ANY, HeadCase.TOP)
            .output("ids", OnnxModel.INT64, OnnxModel.ANY, HeadCase.TOP)
            .constant("zero", 0)
            .constant("one", 1)
            .constant("k", HeadCase.TOP)
            .constant("w", one.tensor(config.headWeight()), outputs, hidden)
            .constant("b", one.tensor(config.headBias()), outputs)
            .node("Gemm", "h w b", "logits", "transB=1")
            .node("LogSoftmax", "logits", "head", "axis=1")
            .constant("frequent", frequent)
            .node("Min", "targets frequent", "first0");
    String first = clusters == 0 ? "targets" : "first0";
    for (int i = 1; i < clusters; i++) {
      String next = "first" + i;
      model
          .constant("from" + i, config.clusterStart(i))
          .node("GreaterOrEqual", "targets from" + i, "later" + i)
          .node("Cast", "later" + i, "later_number" + i, "to=" + OnnxModel.INT64)
          .node("Add", first + " later_number" + i, next);
      first = next;
    }
    model
        .node("Unsqueeze", first + " one", "first_column")
        .node("GatherElements", "head first_column", clusters == 0 ? "logs" : "logs0", "axis=1")
        .node("Gather", "head ends", "last", "axis=0")
        .node("Slice", "last zero frequent one", "last_frequent")
        .node("TopK", "last_frequent k", clusters == 0 ? "top ids" : "top0 ids0", "axis=1");
    if (clusters > 0) {
      model.constant("k_before", HeadCase.TOP - 1).constant("all", Long.MAX_VALUE);
    }
    for (int i = 0; i < clusters; i++) {
      cluster(one, i, model);
    }
    return model.node("Exp", "top", "probabilities");
  }

  /** Adds cluster i to the targets' logarithms and to the likeliest tokens. */
  private static void cluster(HeadCase one, int i, OnnxModel model) {
    ModelConfig config = one.config();
    int start = config.clusterStart(i);
    int size = config.clusterStart(i + 1) - start;
    int narrow = config.clusterSize(i);
    int output = config.clusterStart(0) + i;
    String name = "next_token.tail." + i;
    boolean last = i + 1 == config.nextToken().clusters();
    model
        .constant("start_" + i, start)
        .constant("end_" + i, config.clusterStart(i + 1))
        .constant("output_" + i, output)
        .constant("after_" + i, output + 1)
        .constant("narrow_" + i, one.tensor(name + ".0.weight"), narrow, config.hiddenSize())
        .constant("tail_" + i, one.tensor(name + ".1.weight"), size, narrow);
    Nodes nodes = new Nodes(model, i);
    nodes.add("GreaterOrEqual", "targets start#", "above#");
    nodes.add("Less", "targets end#", "below#");
    nodes.add("And", "above# below#", "within#");
    nodes.add("NonZero", "within#", "rows_row#");
    nodes.add("Squeeze", "rows_row# zero", "rows#");
    nodes.add("Shape", "rows#", "n#");
    nodes.add("Slice", "last output# after# one", "mass#");
    nodes.add("Slice", "top% k_before k one", "min#");
    nodes.add("Greater", "mass# min#", "reach_column#");
    nodes.add("Squeeze", "reach_column# one", "reach#");
    nodes.add("NonZero", "reach#", "may_row#");
    nodes.add("Squeeze", "may_row# zero", "may#");
    nodes.add("Gather", "ends may#", "may_ends#", "axis=0");
    nodes.add("Concat", "rows# may_ends#", "members#", "axis=0");
    nodes.add("Shape", "members#", "members_n#");
    nodes.add("Greater", "members_n# zero", "any#");
    model.choose(
        "any_" + i,
        last ? "logs top ids" : "logs%1$d top%1$d ids%1$d".formatted(i + 1),
        computed(i),
        unchanged(i, "none", "logs", "top", "ids"));
  }

  private static OnnxModel computed(int i) {
    OnnxModel model = new OnnxModel();
    Nodes nodes = new Nodes(model, i);
    nodes.add("Gather", "h members#", "h#", "axis=0");
    nodes.add("Gemm", "h# narrow#", "narrowed#", "transB=1");
    nodes.add("Gemm", "narrowed# tail#", "tail_logits#", "transB=1");
    nodes.add("LogSoftmax", "tail_logits#", "tails#", "axis=1");
    nodes.add("Greater", "n# zero", "any_came#");
    nodes.add("Shape", "may#", "may_n#");
    nodes.add("Greater", "may_n# zero", "any_may#");
    model.choose("any_came_" + i, "logs_then_" + i, came(i), unchanged(i, "not_came", "logs"));
    model.choose(
        "any_may_" + i,
        "top_then_%1$d ids_then_%1$d".formatted(i),
        likeliest(i),
        unchanged(i, "not_may", "top", "ids"));
    return model
        .result("logs_then_" + i, OnnxModel.FLOAT)
        .result("top_then_" + i, OnnxModel.FLOAT)
        .result("ids_then_" + i, OnnxModel.INT64);
  }

  /** Computes the logarithms of the targets in the cluster. */
  private static OnnxModel came(int i) {
    OnnxModel model = new OnnxModel();
    Nodes nodes = new Nodes(model, i);
    nodes.add("Slice", "tails# zero n# zero", "tails_came#");
    nodes.add("Gather", "targets rows#", "came#", "axis=0");
    nodes.add("Sub", "came# start#", "which#");
    nodes.add("Unsqueeze", "which# one", "which_column#");
    nodes.add("GatherElements", "tails_came# which_column#", "own#", "axis=1");
    nodes.add("Gather", "logs% rows#", "log_whole#", "axis=0");
    nodes.add("Add", "log_whole# own#", "log#");
    nodes.add("Unsqueeze", "rows# one", "rows_column#");
    nodes.add("ScatterND", "logs% rows_column# log#", "logs_came#");
    return model.result("logs_came_" + i, OnnxModel.FLOAT);
  }

  /** Merges the likeliest tokens so far with the cluster's. */
  private static OnnxModel likeliest(int i) {
    OnnxModel model = new OnnxModel();
    Nodes nodes = new Nodes(model, i);
    nodes.add("Slice", "tails# n# all zero", "tails_may#");
    nodes.add("TopK", "tails_may# k", "best_tail# place_tail#", "axis=1");
    nodes.add("Gather", "mass# may#", "mass_may#", "axis=0");
    nodes.add("Add", "best_tail# mass_may#", "best_own#");
    nodes.add("Add", "place_tail# start#", "id_own#");
    nodes.add("Gather", "top% may#", "top_may#", "axis=0");
    nodes.add("Gather", "ids% may#", "ids_may#", "axis=0");
    nodes.add("Concat", "top_may# best_own#", "ps#", "axis=1");
    nodes.add("Concat", "ids_may# id_own#", "js#", "axis=1");
    nodes.add("TopK", "ps# k", "best# index#", "axis=1");
    nodes.add("GatherElements", "js# index#", "id#", "axis=1");
    nodes.add("Unsqueeze", "may# one", "may_column#");
    nodes.add("ScatterND", "top% may_column# best#", "top_may_all#");
    nodes.add("ScatterND", "ids% may_column# id#", "ids_may_all#");
    return model
        .result("top_may_all_" + i, OnnxModel.FLOAT)
        .result("ids_may_all_" + i, OnnxModel.INT64);
  }

  /** Passes on the results before cluster i. */
  private static OnnxModel unchanged(int i, String branch, String... names) {
    OnnxModel model = new OnnxModel();
    for (String name : names) {
      String same = name + "_" + branch + "_" + i;
      model.node("Identity", name + i, same);
      model.result(same, name.equals("ids") ? OnnxModel.INT64 : OnnxModel.FLOAT);
    }
    return model;
  }

  /**
   * The nodes of cluster i. In names, {@code #} stands for its number and {@code %} for the number
   * of the previous results.
   */
  private record Nodes(OnnxModel model, int i) {
    void add(String operator, String inputs, String outputs, String... attribute) {
      model.node(operator, named(inputs), named(outputs), attribute);
    }

    private String named(String names) {
      return names.replace("#", "_" + i).replace("%", String.valueOf(i));
    }
  }

  @Override
  public String name() {
    return "onnxruntime";
  }

  @Override
  public void read(int call) {
    try {
      session.run(inputs.get(call)).close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public Answer answer(int call) {
    try (OrtSession.Result result = session.run(inputs.get(call))) {
      LongBuffer longs = tensor(result, "ids").getLongBuffer();
      int[] ids = new int[longs.remaining()];
      Arrays.setAll(ids, i -> Math.toIntExact(longs.get(i)));
      return new Answer(
          doubles(tensor(result, "logs").getFloatBuffer()),
          ids,
          doubles(tensor(result, "probabilities").getFloatBuffer()));
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private static OnnxTensor tensor(OrtSession.Result result, String name) {
    return (OnnxTensor) result.get(name).orElseThrow();
  }

  private static double[] doubles(FloatBuffer values) {
    double[] doubles = new double[values.remaining()];
    Arrays.setAll(doubles, values::get);
    return doubles;
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
    inputs.forEach(call -> call.values().forEach(OnnxTensor::close));
  }
}
