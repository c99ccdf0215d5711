package io.undercurrent;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.checkpoint.CheckpointException;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.Model;
import io.undercurrent.query.KeyQueries;
import io.undercurrent.query.KeyView;
import io.undercurrent.query.NotAvailableException;
import io.undercurrent.streams.ApplicationMeters;
import io.undercurrent.streams.BoundedRocksDb;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.Enriched;
import io.undercurrent.streams.EnrichedRecordSerde;
import io.undercurrent.streams.Enricher;
import io.undercurrent.streams.LookAhead;
import io.undercurrent.streams.Preview;
import io.undercurrent.streams.StoreSettings;
import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The library's API: which types belong to it, what their signatures are, and that these mention
 * nothing internal.
 *
 * <p>{@code src/test/resources/api.txt} has the signatures of the last commit. A change of the API
 * is a change of that file. To write it anew: {@code mvn test -Dtest=ApiTest -Dapi.update}.
 */
class ApiTest {

  /** The API. Every other type of the library is internal and may change without notice. */
  static final List<Class<?>> API =
      List.of(
          Enricher.class,
          StoreSettings.class,
          Enriched.class,
          LookAhead.class,
          Preview.class,
          EnrichedRecordSerde.class,
          DeadLetterHandler.class,
          ApplicationMeters.class,
          BoundedRocksDb.class,
          EnrichedRecord.class,
          EnrichedRecordJson.class,
          KeyEncoding.class,
          Source.class,
          BadRecordException.class,
          Checkpoint.class,
          CheckpointException.class,
          Model.class,
          KeyQueries.class,
          KeyView.class,
          NotAvailableException.class,
          MeterNames.class,
          DeadLetterReason.class);

  /** The packages that have them. All of their public types belong to the API. */
  static final Set<String> PACKAGES =
      API.stream().map(Class::getPackageName).collect(Collectors.toSet());

  /** A package that is internal except for one type. */
  private static final String MODEL = Model.class.getPackageName();

  /** Internal types that signatures of the API may mention, each with its reason. */
  private static final Set<String> MENTIONED =
      Set.of(
          // of Model and Checkpoint: to embedders a model is one thing, our packages take it apart
          "io.undercurrent.model.DriftReference",
          "io.undercurrent.model.HiddenState",
          "io.undercurrent.model.ModelConfig",
          "io.undercurrent.model.ModelConfig$Cache",
          "io.undercurrent.model.Network",
          "io.undercurrent.model.Parameters",
          "io.undercurrent.model.StatePrecision",
          "io.undercurrent.text.Tokenizer");

  private static final Path GOLDEN = Path.of("src", "test", "resources", "api.txt");

  @Test
  void shouldKeepTheSignaturesOfTheApi() throws IOException {
    String signatures = signatures();
    if (System.getProperty("api.update") != null) {
      Files.writeString(GOLDEN, signatures);
    }
    assertThat(signatures)
        .as("the API has changed: if it should, mvn test -Dtest=ApiTest -Dapi.update")
        .isEqualTo(Files.readString(GOLDEN));
  }

  @Test
  void shouldHaveNoPublicTypesOutsideTheApi() {
    Set<String> found =
        ArchitectureTest.CLASSES.stream()
            .filter(each -> PACKAGES.contains(each.getPackageName()))
            .filter(each -> !each.getPackageName().equals(MODEL))
            .filter(each -> each.getEnclosingClass().isEmpty())
            .filter(each -> each.getModifiers().contains(JavaModifier.PUBLIC))
            .map(JavaClass::getName)
            .collect(Collectors.toCollection(TreeSet::new));
    API.forEach(type -> found.remove(type.getName()));
    assertThat(found).isEmpty();
  }

  @Test
  void shouldMentionOnlyTheApiAndItsLibrariesInSignatures() {
    Set<String> mentioned = new TreeSet<>();
    for (Class<?> type : all()) {
      for (Type each : mentionedBy(type)) {
        classesIn(each, mentioned);
      }
    }
    API.forEach(
        type ->
            mentioned.removeIf(
                n -> n.equals(type.getName()) || n.startsWith(type.getName() + "$")));
    mentioned.removeIf(
        name -> name.matches("(java|org\\.apache\\.kafka|org\\.rocksdb|io\\.micrometer)\\..*"));
    assertThat(mentioned).containsExactlyInAnyOrderElementsOf(MENTIONED);
  }

  private static String signatures() {
    StringBuilder to = new StringBuilder();
    for (Class<?> type : all()) {
      to.append(type.toGenericString());
      if (type.getGenericSuperclass() != null && type.getGenericSuperclass() != Object.class) {
        to.append(" extends ").append(type.getGenericSuperclass().getTypeName());
      }
      for (Type each : type.getGenericInterfaces()) {
        to.append(" implements ").append(each.getTypeName());
      }
      to.append('\n');
      members(type).map(ApiTest::signature).sorted().forEach(s -> to.append("  " + s + "\n"));
    }
    return to.toString();
  }

  private static String signature(Member member) {
    String whole =
        member instanceof Field field
            ? field.toGenericString()
            : ((Executable) member).toGenericString();
    return whole.replace(member.getDeclaringClass().getName() + ".", "").replace("java.lang.", "");
  }

  /** The API's types with their nested ones, by name. */
  private static List<Class<?>> all() {
    List<Class<?>> types = new ArrayList<>();
    API.forEach(type -> addWithNested(type, types));
    types.sort(Comparator.comparing(Class::getName));
    return types;
  }

  private static void addWithNested(Class<?> type, List<Class<?>> types) {
    types.add(type);
    for (Class<?> nested : type.getDeclaredClasses()) {
      if (isSeen(nested.getModifiers())) {
        addWithNested(nested, types);
      }
    }
  }

  private static Stream<Member> members(Class<?> type) {
    return Stream.<Member[]>of(
            type.getDeclaredFields(), type.getDeclaredConstructors(), type.getDeclaredMethods())
        .flatMap(Arrays::stream)
        .filter(member -> isSeen(member.getModifiers()) && !member.isSynthetic());
  }

  private static boolean isSeen(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private static List<Type> mentionedBy(Class<?> type) {
    List<Type> types = new ArrayList<>(List.of(type.getGenericInterfaces()));
    if (type.getGenericSuperclass() != null) {
      types.add(type.getGenericSuperclass());
    }
    members(type)
        .forEach(
            member -> {
              if (member instanceof Field field) {
                types.add(field.getGenericType());
              } else if (member instanceof Executable executable) {
                types.addAll(List.of(executable.getGenericParameterTypes()));
                types.addAll(List.of(executable.getGenericExceptionTypes()));
                if (executable instanceof Method method) {
                  types.add(method.getGenericReturnType());
                }
              }
            });
    return types;
  }

  private static void classesIn(Type type, Set<String> names) {
    if (type instanceof Class<?> each) {
      Class<?> element = each;
      while (element.isArray()) {
        element = element.getComponentType();
      }
      if (!element.isPrimitive()) {
        names.add(element.getName());
      }
    } else if (type instanceof ParameterizedType each) {
      classesIn(each.getRawType(), names);
      for (Type argument : each.getActualTypeArguments()) {
        classesIn(argument, names);
      }
    } else if (type instanceof GenericArrayType each) {
      classesIn(each.getGenericComponentType(), names);
    } else if (type instanceof WildcardType each) {
      for (Type bound : each.getUpperBounds()) {
        classesIn(bound, names);
      }
      for (Type bound : each.getLowerBounds()) {
        classesIn(bound, names);
      }
    } else if (!(type instanceof TypeVariable<?>)) {
      throw new AssertionError("a kind of type that this test doesn't know: " + type);
    }
  }
}
