#include <memory>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/command_line.h"
#include "cli/policy_request.h"
#include "crypto/digest.h"
#include "policy/check.h"
#include "policy/explanation.h"
#include "policy/property.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr std::string_view kBuiltIn = "built-in";

struct PolicyOptions {
  std::string file;
  std::string property;
  bool strict = false;
  PolicyRequestOptions request;
};

// The text of the file, or of the policy that is built in.
Result<std::string> read_text(const std::string& file) {
  if (file == kBuiltIn) return std::string(policy::default_policy_text());
  VEDETTE_TRY(const Bytes octets, read_file(file, policy::kMaxPolicyBytes));
  return std::string(as_text(octets));
}

Result<policy::Policy> parse(const std::string& text, const std::string& file) {
  auto parsed = policy::parse_policy(text);
  if (parsed) return parsed;
  Error error = std::move(parsed).error();
  error.cause = file + ": " + error.cause;
  return std::unexpected(std::move(error));
}

Result<policy::Policy> load(const std::string& file) {
  VEDETTE_TRY(const std::string text, read_text(file));
  return parse(text, file);
}

std::string counted(std::size_t count, const char* one) {
  return std::to_string(count) + ' ' + one + (count == 1 ? "" : "s");
}

std::string place_words(const policy::Place& place) {
  return std::to_string(place.line) + ':' + std::to_string(place.column);
}

Result<void> check(Environment& environment, const PolicyOptions& options) {
  VEDETTE_TRY(const std::string text, read_text(options.file));
  VEDETTE_TRY(const policy::Policy policy, parse(text, options.file));
  const auto found = policy::findings(policy);
  const std::string digest = to_hex(crypto::sha256(as_bytes(text)));
  std::string words = counted(policy.rules().size(), "rule") + ", " +
                      counted(policy.roles().size(), "role") + ", " +
                      counted(found.size(), "warning") + "; sha256 " + digest + '\n';
  Json::Array list;
  for (const policy::Finding& one : found) {
    const std::string kind(to_string(one.kind));
    list.emplace_back(Json::Object{{"kind", kind},
                                   {"about", one.about},
                                   {"line", std::int64_t{one.place.line}},
                                   {"column", std::int64_t{one.place.column}},
                                   {"message", one.words}});
    words += options.file + ':' + place_words(one.place) + ": " + kind + ": " + one.about + ": " +
             one.words + '\n';
  }
  Json json;
  json.set("valid", true).set("sha256", digest);
  json.set("rules", std::uint64_t{policy.rules().size()});
  json.set("roles", std::uint64_t{policy.roles().size()}).set("findings", std::move(list));
  environment.output->result(json, printable(words));
  if (!options.strict || found.empty()) return {};
  return refuse("POLICY-FINDINGS", "the policy says something that is hardly meant",
                counted(found.size(), "warning"));
}

Result<void> show(Environment& environment) {
  const std::string text(policy::default_policy_text());
  Json json;
  json.set("policy", text).set("sha256", to_hex(crypto::sha256(as_bytes(text))));
  environment.output->result(json, text);
  return {};
}

Json words_json(const std::vector<std::string>& words) {
  Json::Array list;
  for (const std::string& word : words)
    list.emplace_back(word);
  return list;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : "; ") + word;
  return text.empty() ? "it has no condition" : text;
}

std::string applies_word(const policy::RuleExplanation& one) {
  if (one.decides) return "decides";
  return one.applies ? "yes" : "no";
}

std::string head_of(const policy::Policy& policy, const policy::Decision& decision,
                    const PolicyRequestOptions& asked) {
  std::string text = (decision.allowed ? "allowed: " : "denied: ") + asked.principal +
                     (decision.allowed ? " may " : " may not ") + asked.action + ": " +
                     std::string(decision.reason) + "\n  by    " + policy.ids_of(decision.rules) +
                     '\n';
  if (!decision.allowed && !decision.hint.empty())
    text += "  hint  " + std::string(decision.hint) + '\n';
  return text;
}

Result<void> explain(Environment& environment, const PolicyOptions& options) {
  VEDETTE_TRY(const policy::Policy policy, load(options.file));
  VEDETTE_TRY(const policy::Request request, policy_request(policy, options.request));
  const policy::Explanation told = policy::explain(policy, request);
  std::vector<std::vector<std::string>> rows{{"RULE", "EFFECT", "APPLIES", "BECAUSE"}};
  Json::Array rules;
  for (const policy::RuleExplanation& one : told.rules) {
    const std::string effect(to_string(one.rule->effect));
    rows.push_back({one.rule->id, effect, applies_word(one), joined(one.because)});
    rules.emplace_back(Json::Object{{"rule", one.rule->id},
                                    {"effect", effect},
                                    {"applies", one.applies},
                                    {"decides", one.decides},
                                    {"because", words_json(one.because)}});
  }
  Json json;
  json.set("allowed", told.decision.allowed);
  json.set("rule", policy.ids_of(told.decision.rules));
  json.set("reason", std::string(told.decision.reason)).set("rules", std::move(rules));
  const std::string head = head_of(policy, told.decision, options.request);
  environment.output->result(json,
                             printable(head) + (told.rules.empty() ? "" : '\n' + table(rows)));
  return {};
}

Json counterexample_json(const policy::Counterexample& counterexample) {
  return Json::Object{{"principal", std::string(to_string(counterexample.principal))},
                      {"action", std::string(to_string(counterexample.action))},
                      {"case", counterexample.words},
                      {"rules", counterexample.rules}};
}

Result<void> prove(Environment& environment, const PolicyOptions& options) {
  VEDETTE_TRY(const policy::Policy policy, load(options.file));
  VEDETTE_TRY(const policy::Property property, policy::parse_property(options.property, policy));
  VEDETTE_TRY(const policy::Proof proof, policy::prove(policy, property));
  const std::string read_as = write_property(property, policy);
  Json json;
  json.set("holds", proof.holds()).set("property", read_as);
  json.set("cases", std::uint64_t{proof.cases});
  if (proof.holds()) {
    environment.output->result(json, "proven, in each of the " + counted(proof.cases, "case") +
                                         " that the policy and the property tell apart:\n  " +
                                         read_as + '\n');
    return {};
  }
  const policy::Counterexample& found = *proof.counterexample;
  json.set("counterexample", counterexample_json(found));
  if (environment.output->is_json()) environment.output->result(json, {});
  return refuse("POLICY-COUNTEREXAMPLE", "the policy allows what it must not",
                std::string(to_string(found.principal)) + " may " +
                    std::string(to_string(found.action)) + " by " + found.rules +
                    (found.words.empty() ? "" : " where " + found.words),
                "it was to hold: " + read_as);
}

Result<void> schema(Environment& environment) {
  std::vector<std::vector<std::string>> rows{{"ATTRIBUTE", "TYPE", "MEANING"}};
  Json::Array attributes;
  for (const policy::AttributeSchema& one : policy::whole_schema()) {
    std::string choices;
    for (const std::string_view choice : one.choices)
      choices += (choices.empty() ? ": " : ", ") + std::string(choice);
    const std::string type = std::string(to_string(one.type)) + choices;
    rows.push_back({std::string(one.path), type, std::string(one.meaning)});
    attributes.emplace_back(Json::Object{{"attribute", std::string(one.path)},
                                         {"type", type},
                                         {"meaning", std::string(one.meaning)}});
  }
  Json json;
  Json::Array actions;
  std::string action_words;
  for (const policy::Action action : policy::all_actions()) {
    actions.emplace_back(std::string(to_string(action)));
    action_words += "  " + std::string(to_string(action)) + '\n';
  }
  json.set("actions", std::move(actions)).set("attributes", std::move(attributes));
  environment.output->result(json, table(rows) + "\nactions:\n" + action_words);
  return {};
}

std::shared_ptr<PolicyOptions> add_file(CLI::App* verb) {
  auto options = std::make_shared<PolicyOptions>();
  verb->add_option("file", options->file, "the policy's file, or 'built-in'")->required();
  return options;
}

void add_explain(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("explain", "say how it decides a request, rule by rule");
  verb->footer(
      "What is not said of the request is not known: it fulfils no permit and every forbid.");
  const auto options = add_file(verb);
  PolicyRequestOptions& request = options->request;
  verb->add_option("--principal", request.principal, "device/NAME, operator/NAME or anonymous")
      ->required();
  verb->add_option("--action", request.action, "what is asked for, such as read_blob")->required();
  verb->add_option("--attribute", request.attributes, "of the principal, such as status=active")
      ->allow_extra_args(false);
  verb->add_option("--resource", request.resource, "such as tier=high")->allow_extra_args(false);
  verb->add_option("--context", request.context, "such as attestation_age=3m")
      ->allow_extra_args(false);
  on_call(*verb, choice,
          [options](Environment& environment) { return explain(environment, *options); });
}

}  // namespace

void add_policy_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "policy", "who may do what, as a server's policy says");
  CLI::App* verb =
      noun.add_subcommand("check", "read a policy, and say what is hardly meant in it");
  auto options = add_file(verb);
  verb->add_flag("--strict", options->strict, "refuse what there are warnings about");
  on_call(*verb, choice,
          [options](Environment& environment) { return check(environment, *options); });
  on_call(*noun.add_subcommand("show", "the policy that is built in: one to start from"), choice,
          [](Environment& environment) { return show(environment); });
  on_call(*noun.add_subcommand("schema", "the actions and attributes that rules may name"), choice,
          [](Environment& environment) { return schema(environment); });
  add_explain(noun, choice);
  verb = noun.add_subcommand("prove", "prove that something is never allowed, or show the case");
  verb->footer(
      "A property is 'never grant ACTIONS [to PRINCIPALS] [where CONDITION] [unless CONDITION]',\n"
      "or a sentence: 'no rule grants high without attestation younger than 5 min'.");
  options = add_file(verb);
  verb->add_option("property", options->property, "what must never be allowed")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return prove(environment, *options); });
}

}  // namespace vedette::cli
