#include "cli/attest_views.h"

#include <string_view>
#include <vector>

#include "cli/output.h"
#include "cli/views.h"

namespace vedette::cli {

using codec::Json;

namespace {

using Rows = std::vector<std::vector<std::string>>;

const Json::Array& list(const Json& object, std::string_view name) {
  static const Json::Array kNone;
  const Json* const value = object.find(name);
  return value == nullptr || value->if_array() == nullptr ? kNone : *value->if_array();
}

bool is_true(const Json& object, std::string_view name) {
  const Json* const value = object.find(name);
  return value != nullptr && value->if_bool() != nullptr && *value->if_bool();
}

// One line whatever it holds.
std::string line_of(std::string text) {
  text = printable(text);
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

// `words` of each element, or the element itself where it is text, under a heading; nothing
// without elements.
std::string section(const std::string& heading, const Json::Array& elements) {
  if (elements.empty()) return {};
  std::string text = "\n" + heading + ":\n";
  for (const Json& element : elements)
    text +=
        "  " +
        line_of(element.if_string() != nullptr ? *element.if_string() : cell_of(element, "words")) +
        "\n";
  return text;
}

std::string section(const std::string& heading, const Json& object, std::string_view name) {
  return section(heading, list(object, name));
}

// Only the first findings are remembered; how many there were is known.
std::string more_findings(const Json& answer) {
  const Json* const total = answer.find("findings_total");
  const auto told = static_cast<std::int64_t>(list(answer, "findings").size());
  if (total == nullptr || total->if_integer() == nullptr || *total->if_integer() <= told) return {};
  return "  and " + std::to_string(*total->if_integer() - told) + " more\n";
}

// Why the logs were not believed, and what to do about it.
std::string refusal_view(const Json* refusal) {
  if (refusal == nullptr) return {};
  std::string text = "\nits logs were NOT BELIEVED: " + line_of(cell_of(*refusal, "message")) +
                     "  [" + line_of(cell_of(*refusal, "code")) + "]\n";
  for (const char* const member : {"cause", "hint"})
    if (const std::string said = line_of(cell_of(*refusal, member)); !said.empty())
      text += "  " + said + "\n";
  return text;
}

std::string registers_table(const Json& object) {
  Rows rows{{"PCR", "VALUE (" + cell_of(object, "bank") + ")"}};
  const Json* const registers = object.find("registers");
  if (registers != nullptr && registers->if_object() != nullptr)
    for (const auto& [number, value] : *registers->if_object())
      rows.push_back({number, cell_of(*registers, number)});
  return rows.size() > 1 ? table(rows) : std::string();
}

}  // namespace

std::string explanation_view(const Json& answer) {
  const std::string device = line_of(cell_of(answer, "device"));
  const bool affirming = is_true(answer, "affirming");
  std::string text = device + " of group " + line_of(cell_of(answer, "group")) + " was " +
                     (affirming ? "accepted" : "NOT ACCEPTED") + " at " +
                     line_of(cell_of(answer, "at")) + "\n";
  if (answer.find("sku") != nullptr)
    text += "it is of SKU " + line_of(cell_of(answer, "sku")) + ", and held to the values of " +
            line_of(cell_of(answer, "held_to")) + "\n";
  text += refusal_view(answer.find("refusal"));
  // Not where its logs were disbelieved: that takes a look at the device, not another quote.
  if (const auto current = answer.boolean("judged_by_these");
      answer.find("refusal") == nullptr && current && !*current)
    text +=
        "\nby the values that it is held to now it was not judged yet; to have it attest:\n"
        "  vedette attest now " +
        device + "\n";
  if (list(answer, "changes").empty() && answer.find("refusal") == nullptr)
    text += "\nits boot says what it said when the device was last accepted, or has no log\n";
  text += section("changed since the boot that was last accepted", answer, "changes");
  text += section("registers that have none of their accepted values", answer, "mismatches");
  text += section("not accepted", answer, "findings");
  text += more_findings(answer);
  text += section("has run since boot", answer, "running");
  if (answer.find("booted_alike") != nullptr)
    text += "\ndevices held to the same values that booted alike, this one included: " +
            line_of(cell_of(answer, "booted_alike")) + "\n";
  if (answer.find("accept") != nullptr)
    text += "\nto accept it as it is, if all of this was meant:\n  " +
            line_of(cell_of(answer, "accept")) + "\n";
  return text;
}

std::string verdict_view(const Json& verdict) {
  std::string text = "verdict: " + line_of(cell_of(verdict, "status")) + "\n";
  text += "registers quoted: " + line_of(cell_of(verdict, "registers")) +
          (is_true(verdict, "registers_expected") ? "" : ", as the quote itself chose") + "\n";
  text += section("claims", verdict, "claims");
  text += section("registers that have none of their accepted values", verdict, "mismatches");
  text += section("not accepted", verdict, "findings");
  text += more_findings(verdict);
  if (list(verdict, "findings").empty() && !is_true(verdict, "has_references"))
    text += section("the boot says, held against nothing", verdict, "boot") +
            section("the agent says, held against nothing", verdict, "runtime");
  return text;
}

std::string log_view(const Json& log) {
  Rows rows{{"EVENT", "PCR", "WHAT"}};
  for (const Json& event : list(log, "events"))
    rows.push_back({cell_of(event, "number"), cell_of(event, "pcr"), cell_of(event, "words")});
  std::string text = rows.size() > 1 ? table(rows) : std::string("no events\n");
  const std::string registers = registers_table(log);
  return registers.empty() ? text : text + "\n" + registers;
}

std::string prediction_view(const Json& prediction) {
  std::string text = section("would be measured instead", prediction, "events");
  const auto& registers = list(prediction, "registers");
  if (registers.empty()) text += "\nno register would change\n";
  for (const Json& change : registers)
    text += "\nPCR " + cell_of(change, "pcr") + "\n  is       " + cell_of(change, "was") +
            "\n  becomes  " + cell_of(change, "becomes") + "\n";
  text += section("to be accepted ahead", prediction, "added");
  text += section("not said any more", prediction, "gone");
  text += section("not foreseen", prediction, "doubts");
  return text.substr(1);
}

}  // namespace vedette::cli
