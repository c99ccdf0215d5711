package io.undercurrent.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * A tokenizer with a small vocabulary, most frequent words first, and its tokens as readable text.
 */
final class TestTokenizers {

  private static final String WORDS =
      "the i you a it is to and not n't 's 'm 're 've 'll 'd do can will shall ai was did would should could"
          + " so good great bad movie love happy win all sad nice cool hello yes no yay look in to on this that"
          + " he she they we what there who have had gonna wanna watch watchable like watched big well known"
          + " well-known us u.s. a.m. tv am pm 0 1 2 3 4 5 10 2016 2nd 50 mp3 rock roll o'clock at nfl draft euro"
          + " see stop it why way time now xd o_o t_t 'em mr hill friend friends"
          + " ! \" # $ % & ' ( ) * + , - . / : ; < = > ? @ [ \\ ] ^ _ { | } ~ ..."
          + " :) :( :D :P :O :/ :| :* :3 :'( :') ;) >:( >:) <3 </3 ^_^ -_- ._. \\o/ € 😂 ❤ 👍 👨 🤷";

  static final WordTokenizer SMALL =
      WordTokenizer.of(new ArrayList<>(new LinkedHashSet<>(Arrays.asList(WORDS.split(" ")))));

  /** The same words behind the latest normaliser. */
  static final WordTokenizer NORMALIZING =
      WordTokenizer.normalizing(
          new ArrayList<>(new LinkedHashSet<>(Arrays.asList(WORDS.split(" ")))));

  private TestTokenizers() {}

  static String tokens(String text) {
    return tokens(SMALL, text);
  }

  static String tokens(Tokenizer tokenizer, String text) {
    return tokens(tokenizer, tokenizer.encode(text, 4096));
  }

  static String tokens(Tokenizer tokenizer, Encoding encoding) {
    List<String> tokens = new ArrayList<>();
    for (int id : encoding.ids()) {
      tokens.add(tokenizer.token(id));
    }
    return String.join(" ", tokens);
  }
}
