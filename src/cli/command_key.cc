#include "cli/command_key.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/home.h"
#include "cli/key_line.h"
#include "cli/option_values.h"
#include "cli/report.h"
#include "cli/text_layout.h"
#include "hotline/auth/key_store.h"
#include "hotline/auth/psk_derivation.h"
#include "hotline/core/choice.h"
#include "hotline/core/hex.h"
#include "hotline/core/nearest_name.h"

namespace hotline::cli {

/// What can be done with keys.
struct KeyAction {
  std::string name;
  std::string summary;
  bool has_name = false;  ///< Whether it takes NAME.
  std::vector<std::string> options = {};
  ExitStatus (*run)(const KeyStore& store, const KeySelector& selector, OutputForm form) = nullptr;
};

namespace {

constexpr char kKeyExamples[] =
    R"(  hotline key new alice                        at the server: prints one line
  hotline key add                              at the caller: reads that line
  hotline key new me | hotline key add         both on one machine
  hotline key list
  hotline key remove alice
)";

constexpr char kKeyDescription[] =
    R"(Keeps the keys by which callers and servers trust each other over tls://. A key is a
random secret that one caller shares with one server.

)";

constexpr char kKeyNotes[] =
    R"(A home has two lists. 'callers' are the keys that servers of this home accept; 'new' adds
to it. 'credentials' are the keys that this home presents to servers; 'add' adds to it.

A name has 1 to 64 letters, digits, '.', '_' or '-', and no dot first. Whoever has the line of a
key can call in its name: hand it over by a way that nobody else reads, such as ssh, and never as
an argument of a command.
)";

constexpr std::size_t kServerIdShown = 8;

std::string shorten(const std::string& server_id) { return server_id.substr(0, kServerIdShown); }

ExitStatus report_key_error(const Error& error, OutputForm form) {
  return report_error(error, ExitStatus::failed, form);
}

/// Says on standard error where one of several keys can be chosen.
Error with_choice_hint(Error error) {
  if (error.kind == ErrorKind::invalid_argument && error.advice.empty()) {
    error.advice = "choose with --server ID, --from LIST or both";
  }
  if (error.kind == ErrorKind::not_found) error.advice = "'hotline key list' shows the keys";
  return error;
}

// ---- the actions ---------------------------------------------------------------------------

ExitStatus make_key(const KeyStore& store, const KeySelector& selector, OutputForm form) {
  const auto key = store.create(selector.name);
  if (!key) return report_key_error(key.error(), form);
  const Secret line = key->to_line();
  const std::string text(as_text(line.bytes()));
  const std::string output =
      form == OutputForm::json ? JsonLine::versioned().add("key", text).text() : text;
  const ExitStatus status = print_output(output + '\n', ExitStatus::ok, form);
  // Without its line the key is of no use, and would be in the way of the next attempt.
  if (status != ExitStatus::ok) {
    discard(store.remove({key->name, key->server_id, KeyList::callers}));
  }
  return status;
}

ExitStatus add_key(const KeyStore& store, const KeySelector&, OutputForm form) {
  const auto key = read_key_line();
  if (!key) return report_key_error(key.error(), form);
  const auto added = store.add(*key);
  if (!added) return report_key_error(added.error(), form);
  const bool is_new = *added == KeyStore::Added::now;
  if (form == OutputForm::json) {
    JsonLine line = JsonLine::versioned();
    line.add(is_new ? "added" : "present", key->name).add("server", key->server_id);
    return print_output(line.text() + '\n', ExitStatus::ok, form);
  }
  return print_output((is_new ? "added the key '" : "has the key already: '") + key->name +
                          "' for server " + shorten(key->server_id) + '\n',
                      ExitStatus::ok, form);
}

std::string json_of_record(const KeyRecord& record) {
  JsonLine line = JsonLine::versioned();
  line.add("name", record.key.name).add("list", name_of(record.list));
  line.add("server", record.key.server_id).add("created", record.created);
  return line.text() + '\n';
}

std::string text_of_records(const std::vector<KeyRecord>& records) {
  std::vector<std::vector<std::string>> rows = {{"NAME", "LIST", "SERVER", "CREATED"}};
  for (const KeyRecord& each : records) {
    rows.push_back({each.key.name, std::string(name_of(each.list)), shorten(each.key.server_id),
                    each.created});
  }
  return table(rows);
}

ExitStatus list_keys(const KeyStore& store, const KeySelector&, OutputForm form) {
  const auto records = store.read();
  if (!records) return report_key_error(records.error(), form);
  std::string text;
  if (form == OutputForm::json) {
    for (const KeyRecord& each : *records) text += json_of_record(each);
  } else if (records->empty()) {
    report_note("there are no keys in " + store.directory(), form);
  } else {
    text = text_of_records(*records);
  }
  return print_output(text, ExitStatus::ok, form);
}

ExitStatus remove_key(const KeyStore& store, const KeySelector& selector, OutputForm form) {
  const auto removed = store.remove(selector);
  if (!removed) return report_key_error(with_choice_hint(removed.error()), form);
  if (form == OutputForm::json) {
    return print_output(json_of_record(*removed), ExitStatus::ok, form);
  }
  return print_output("removed '" + removed->key.name + "' for server " +
                          shorten(removed->key.server_id) + " from " +
                          std::string(name_of(removed->list)) + '\n',
                      ExitStatus::ok, form);
}

ExitStatus export_key(const KeyStore& store, const KeySelector& selector, OutputForm form) {
  const auto records = store.read();
  if (!records) return report_key_error(records.error(), form);
  const auto found = find_key(*records, selector);
  if (!found) return report_key_error(with_choice_hint(found.error()), form);
  const Psk psk = derive_psk(found->key);
  const std::string hex = to_hex(psk.key.bytes());
  report_note("every user of this machine can see the arguments of openssl: use this for tests",
              form);
  const std::string output =
      form == OutputForm::json
          ? JsonLine::versioned().add("identity", psk.identity).add("key", hex).text()
          : "-psk_identity " + psk.identity + " -psk " + hex;
  return print_output(output + '\n', ExitStatus::ok, form);
}

// ---- the command line ----------------------------------------------------------------------

const std::vector<std::string> kSelecting = {"--server", "--from"};

const KeyAction kActions[] = {
    {.name = "new",
     .summary = "makes a key for the caller NAME and prints its line, nothing else",
     .has_name = true,
     .run = make_key},
    {.name = "add", .summary = "reads the line of a key from standard input", .run = add_key},
    {.name = "list", .summary = "lists the keys, without their secrets", .run = list_keys},
    {.name = "remove",
     .summary = "removes a key and says from which list",
     .has_name = true,
     .options = kSelecting,
     .run = remove_key},
    {.name = "export",
     .summary = "with --openssl: prints the identity and the key in hexadecimal digits, as "
                "arguments for 'openssl s_client' and 's_server'",
     .has_name = true,
     .options = {"--server", "--from", "--openssl"},
     .run = export_key},
};

std::vector<std::string> action_names() {
  std::vector<std::string> names;
  for (const KeyAction& each : kActions) names.push_back(each.name);
  return names;
}

std::string describe_actions() {
  std::vector<Definition> definitions;
  for (const KeyAction& each : kActions) {
    definitions.push_back({each.name + (each.has_name ? " NAME" : ""), each.summary});
  }
  return two_columns(definitions);
}

Result<const KeyAction*> find_action(const Arguments& given) {
  const std::vector<std::string> names = action_names();
  if (given.words.empty()) {
    return fail(usage_error("missing ACTION", "write for example 'hotline key new alice'"));
  }
  const std::string& word = given.words.front();
  const auto found = std::ranges::find(kActions, word, &KeyAction::name);
  if (found != std::end(kActions)) return found;
  return fail(usage_error("unknown action " + quote(word),
                          did_you_mean(word, names) + "the actions are " + list_words(names)));
}

/// Checks that the words and options of the command line are those of its action.
Result<void> check_shape(const Arguments& given, const KeyAction& action) {
  if (action.has_name && given.words.size() < 2) {
    return fail(usage_error("missing NAME", "write 'hotline key " + action.name + " NAME'"));
  }
  if (!action.has_name && given.words.size() > 1) {
    return fail(usage_error("'key " + action.name + "' takes no NAME",
                            "write 'hotline key " + action.name + "'"));
  }
  for (const char* each : {"--server", "--from", "--openssl"}) {
    if (given.has(each) && std::ranges::count(action.options, each) == 0) {
      return fail(usage_error(std::string(each) + " does not apply to 'key " + action.name + "'",
                              "leave it out"));
    }
  }
  if (action.name == "export" && !given.has("--openssl")) {
    return fail(usage_error("missing --openssl", "write 'hotline key export --openssl NAME'"));
  }
  return {};
}

Result<void> read_list(const Arguments& given, KeySelector& selector) {
  if (!given.has("--from")) return {};
  const std::string& name = given.options.at("--from");
  selector.list = find_key_list(name);
  if (selector.list) return {};
  return refuse_value("--from", usage_error(quote(name) + " is not a list of keys",
                                            "write callers or credentials"));
}

ExitStatus run_key(const KeyOptions& options, const CommonOptions& common) {
  const std::string directory = Home(common.home).key_directory();
  if (directory.empty()) {
    return report_key_error(
        usage_error("there is no home directory for the keys", "set HOME, or write --home DIR"),
        common.output);
  }
  return options.action->run(KeyStore(directory), options.selector, common.output);
}

std::vector<OptionRow> key_rows() {
  return {
      {.name = "--server",
       .value = "ID",
       .help = "remove, export: the key for the server whose id begins with ID"},
      {.name = "--from",
       .value = "LIST",
       .help = "remove, export: the key in this list, callers or credentials",
       .choices = {"callers", "credentials"}},
      {.name = "--openssl", .help = "export: the form that openssl takes"},
      {.name = "--json", .help = "print one JSON object for each key"},
      {.name = "--home", .value = "DIR", .help = "keep the keys in DIR/keys"},
  };
}

}  // namespace

Result<KeyOptions> read_key(const Arguments& given) {
  const auto action = find_action(given);
  if (!action) return fail(action.error());
  if (auto checked = check_shape(given, **action); !checked) return fail(checked.error());
  KeyOptions options;
  options.action = *action;
  if ((*action)->has_name) options.selector.name = given.words[1];
  if (given.has("--server")) options.selector.server_id = given.options.at("--server");
  if (auto read = read_list(given, options.selector); !read) return fail(read.error());
  if (options.action->has_name) {
    if (auto checked = Key::check_name(options.selector.name); !checked) {
      return fail(checked.error());
    }
  }
  return options;
}

Subcommand key_subcommand() {
  return {.name = "key",
          .summary = "make, add, list and remove keys for tls://",
          .examples = kKeyExamples,
          .operands = {{.name = "ACTION", .usage = "ACTION", .choices = action_names},
                       {.name = "NAME", .usage = "[NAME]"}},
          .options = key_rows(),
          .description = kKeyDescription + describe_actions(),
          .notes = kKeyNotes,
          .run = read_and_run<read_key, run_key>};
}

}  // namespace hotline::cli
