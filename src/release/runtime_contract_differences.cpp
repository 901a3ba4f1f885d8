#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "release/contract_members.h"
#include "release/runtime_contract.h"

namespace vedette::release {
namespace {

std::string arrow(std::string_view before, std::string_view after) {
  return std::string(before) + " -> " + std::string(after);
}

// Collects what differs, member by member.
class Comparison {
 public:
  void note(std::string member, Change change, std::string text) {
    found_.push_back({.member = std::move(member), .change = change, .text = std::move(text)});
  }

  // A number of which more is wider.
  void amount(std::string member, std::uint64_t before, std::uint64_t after, Unit unit) {
    if (before == after) return;
    note(std::move(member), after > before ? Change::wider : Change::tighter,
         arrow(quantity_text(before, unit), quantity_text(after, unit)));
  }

  // A limit that may be absent, which is wider than any. `sign` is -1 for a lower limit.
  void limit(std::string member, std::optional<double> before, std::optional<double> after,
             double sign) {
    if (before == after) return;
    const bool wider = before && (!after || sign * *after > sign * *before);
    const auto text = [](std::optional<double> value) {
      return value ? number_text(*value) : std::string("none");
    };
    note(std::move(member), wider ? Change::wider : Change::tighter,
         arrow(text(before), text(after)));
  }

  void demand(std::string member, bool before, bool after) {
    if (before == after) return;
    note(std::move(member), after ? Change::tighter : Change::wider,
         arrow(before ? "true" : "false", after ? "true" : "false"));
  }

  // Of an allow-list: what was added is wider, what was taken away tighter.
  void entries(const std::string& member, const std::set<std::string>& before,
               const std::set<std::string>& after) {
    std::vector<std::string> gone;
    std::vector<std::string> added;
    std::ranges::set_difference(before, after, std::back_inserter(gone));
    std::ranges::set_difference(after, before, std::back_inserter(added));
    if (!added.empty()) note(member, Change::wider, "added: " + joined(added));
    if (!gone.empty()) note(member, Change::tighter, "removed: " + joined(gone));
  }

  [[nodiscard]] std::vector<Difference> take() && { return std::move(found_); }

 private:
  std::vector<Difference> found_;
};

// Fixing a dimension that calls chose is tighter, freeing one wider; any other change is neither.
Change shape_change(const std::vector<std::int64_t>& before,
                    const std::vector<std::int64_t>& after) {
  if (before.size() != after.size()) return Change::other;
  bool tighter = true;
  bool wider = true;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == after[i]) continue;
    tighter = tighter && before[i] == -1;
    wider = wider && after[i] == -1;
  }
  if (tighter == wider) return Change::other;
  return tighter ? Change::tighter : Change::wider;
}

void compare_rule(Comparison& comparison, const std::string& place, const TensorRule& before,
                  const TensorRule& after) {
  if (before.datatype != after.datatype)
    comparison.note(place + ".datatype", Change::other, arrow(before.datatype, after.datatype));
  if (before.shape != after.shape)
    comparison.note(place + ".shape", shape_change(before.shape, after.shape),
                    arrow(tensor_text(before), tensor_text(after)));
  comparison.limit(place + ".minimum", before.minimum, after.minimum, -1);
  comparison.limit(place + ".maximum", before.maximum, after.maximum, 1);
  comparison.demand(place + ".finite_only", before.finite_only, after.finite_only);
}

void compare_viewers(Comparison& comparison, const std::string& member, const OutputRule& before,
                     const OutputRule& after) {
  if (before.visible_to.empty() == after.visible_to.empty()) {
    comparison.entries(member, {before.visible_to.begin(), before.visible_to.end()},
                       {after.visible_to.begin(), after.visible_to.end()});
    return;
  }
  const auto text = [](const OutputRule& rule) {
    return rule.visible_to.empty() ? std::string("every authorised caller")
                                   : joined(rule.visible_to);
  };
  comparison.note(member, after.visible_to.empty() ? Change::wider : Change::tighter,
                  arrow(text(before), text(after)));
}

void compare_one(Comparison& comparison, const std::string& place, const TensorRule& before,
                 const TensorRule& after) {
  compare_rule(comparison, place, before, after);
}

void compare_one(Comparison& comparison, const std::string& place, const OutputRule& before,
                 const OutputRule& after) {
  compare_rule(comparison, place, before, after);
  compare_viewers(comparison, place + ".visible_to", before, after);
}

template <class Rule>
const Rule* find_rule(const std::vector<Rule>& rules, const std::string& name) {
  const auto found = std::ranges::find(rules, name, &TensorRule::name);
  return found == rules.end() ? nullptr : &*found;
}

template <class Rule>
void compare_rules(Comparison& comparison, const std::string& side, const std::vector<Rule>& before,
                   const std::vector<Rule>& after) {
  const auto place = [&](const Rule& rule) { return side + "[" + rule.name + "]"; };
  for (const Rule& rule : before) {
    const Rule* other = find_rule(after, rule.name);
    if (other == nullptr)
      comparison.note(place(rule), Change::wider, "no rule any more, was " + tensor_text(rule));
    else
      compare_one(comparison, place(rule), rule, *other);
  }
  for (const Rule& rule : after)
    if (find_rule(before, rule.name) == nullptr)
      comparison.note(place(rule), Change::tighter, "a new rule, " + tensor_text(rule));
}

std::set<std::string> names_of(const std::vector<OperatorName>& operators) {
  std::set<std::string> names;
  for (const OperatorName& name : operators)
    names.insert(operator_text(name));
  return names;
}

bool widens_operators(const RuntimeContract& contract) {
  return contract.operators && std::ranges::any_of(*contract.operators, is_foreign);
}

// The built-in list holds what a device's version knows: but for foreign operators, which of the
// two is wider cannot be told here.
void compare_operators(Comparison& comparison, const RuntimeContract& before,
                       const RuntimeContract& after) {
  if (before.operators && after.operators)
    comparison.entries("operators", names_of(*before.operators), names_of(*after.operators));
  if (before.operators.has_value() == after.operators.has_value()) return;
  const auto text = [](const RuntimeContract& contract) {
    return contract.operators ? "a list of " + std::to_string(contract.operators->size())
                              : std::string("the built-in list");
  };
  const bool foreign = widens_operators(after) && !widens_operators(before);
  comparison.note("operators", foreign ? Change::wider : Change::other,
                  arrow(text(before), text(after)));
}

void compare_scheduling(Comparison& comparison, const RuntimeContract& before,
                        const RuntimeContract& after) {
  if (before.rate && after.rate) {
    comparison.amount("rate.calls_per_second", before.rate->calls_per_second,
                      after.rate->calls_per_second, Unit::count);
    comparison.amount("rate.burst", before.rate->burst, after.rate->burst, Unit::count);
  } else if (before.rate || after.rate) {
    comparison.note("rate", after.rate ? Change::tighter : Change::wider,
                    after.rate ? "limited now" : "no limit any more");
  }
  const Batching alone;
  const Batching was = before.batching.value_or(alone);
  const Batching is = after.batching.value_or(alone);
  comparison.amount("batching.max_batch", was.max_batch, is.max_batch, Unit::count);
  comparison.amount("batching.max_delay_us", was.max_delay_us, is.max_delay_us, Unit::microseconds);
}

// None: no bound, which is wider than any.
void compare_time(Comparison& comparison, std::string member, std::optional<TimePoint> before,
                  std::optional<TimePoint> after, bool later_is_wider) {
  if (before == after) return;
  const auto text = [](std::optional<TimePoint> time) {
    return time ? to_rfc3339(*time) : std::string("none");
  };
  const bool wider = before && (!after || (*after > *before) == later_is_wider);
  comparison.note(std::move(member), wider ? Change::wider : Change::tighter,
                  arrow(text(before), text(after)));
}

// By how much an answer may differ from what `wanted` says; none where no pair asks for that.
std::optional<double> tolerance_of(std::span<const GoldenPair> pairs, const GoldenPair& wanted) {
  std::optional<double> least;
  for (const GoldenPair& pair : pairs)
    if (pair.inputs == wanted.inputs && pair.outputs == wanted.outputs)
      least = std::min(least.value_or(pair.tolerance), pair.tolerance);
  return least;
}

// A model has to pass every pair: more of them, or less tolerance, is tighter. One that asks for
// something else than before is one taken away and one added.
void compare_golden(Comparison& comparison, std::span<const GoldenPair> before,
                    std::span<const GoldenPair> after) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (tolerance_of(before.first(i), before[i])) continue;  // told with the first of its kind
    const std::optional<double> was = tolerance_of(before, before[i]);
    const std::optional<double> is = tolerance_of(after, before[i]);
    if (is && *is != *was)
      comparison.note("golden[" + std::to_string(i) + "].tolerance",
                      *is > *was ? Change::wider : Change::tighter,
                      arrow(number_text(*was), number_text(*is)));
  }
  const auto missing = [](std::span<const GoldenPair> from, std::span<const GoldenPair> in) {
    return std::ranges::count_if(
        from, [&](const GoldenPair& pair) { return !tolerance_of(in, pair).has_value(); });
  };
  if (const auto gone = missing(before, after); gone > 0)
    comparison.note("golden", Change::wider, "removed: " + std::to_string(gone));
  if (const auto added = missing(after, before); added > 0)
    comparison.note("golden", Change::tighter, "added: " + std::to_string(added));
}

void compare_scope(Comparison& comparison, const RuntimeContract& before,
                   const RuntimeContract& after) {
  compare_time(comparison, "valid_from", before.valid_from, after.valid_from, false);
  compare_time(comparison, "valid_until", before.valid_until, after.valid_until, true);
  if (before.regions.empty() == after.regions.empty())
    comparison.entries("regions", {before.regions.begin(), before.regions.end()},
                       {after.regions.begin(), after.regions.end()});
  else
    comparison.note("regions", after.regions.empty() ? Change::wider : Change::tighter,
                    arrow(before.regions.empty() ? "everywhere" : joined(before.regions),
                          after.regions.empty() ? "everywhere" : joined(after.regions)));
  compare_golden(comparison, before.golden, after.golden);
}

// Of what differs in tolerance and reaction alone it can be told.
Change kind_of_change(const OutputDistribution& was, OutputDistribution is) {
  const bool wider = is.tolerance > was.tolerance || is.on_drift < was.on_drift;
  const bool tighter = is.tolerance < was.tolerance || is.on_drift > was.on_drift;
  is.tolerance = was.tolerance;
  is.on_drift = was.on_drift;
  if (is != was || wider == tighter) return Change::other;
  return wider ? Change::wider : Change::tighter;
}

// None is wider than any; two that say other things of an output are no narrower than each other.
void compare_distributions(Comparison& comparison, const RuntimeContract& before,
                           const RuntimeContract& after) {
  std::map<std::string, std::pair<const OutputDistribution*, const OutputDistribution*>> outputs;
  for (const OutputDistribution& one : before.distributions)
    outputs[one.output].first = &one;
  for (const OutputDistribution& one : after.distributions)
    outputs[one.output].second = &one;
  for (const auto& [output, sides] : outputs) {
    const auto& [was, is] = sides;
    const std::string member = "distributions[" + output + "]";
    if (was == nullptr || is == nullptr)
      comparison.note(member, is == nullptr ? Change::wider : Change::tighter,
                      is == nullptr ? "not watched any more" : "watched now");
    else if (*was != *is)
      comparison.note(
          member, kind_of_change(*was, *is),
          "tolerance " + arrow(number_text(was->tolerance), number_text(is->tolerance)));
  }
}

std::uint64_t threads_of(const RuntimeContract& contract) {
  for (const Power& power : contract.powers)
    if (const auto* threads = std::get_if<Threads>(&power)) return threads->count;
  return 1;
}

std::set<std::string> nodes_of(const RuntimeContract& contract) {
  std::set<std::string> paths;
  for (const Power& power : contract.powers)
    if (const auto* node = std::get_if<DeviceNode>(&power)) paths.insert(node->path);
  return paths;
}

}  // namespace

std::string_view to_string(Change change) {
  switch (change) {
    case Change::tighter:
      return "tighter";
    case Change::wider:
      return "wider";
    case Change::other:
      return "other";
  }
  std::unreachable();
}

std::vector<Difference> differences(const RuntimeContract& before, const RuntimeContract& after) {
  Comparison comparison;
  if (before.profile != after.profile)
    comparison.note("profile", Change::other, arrow(before.profile, after.profile));
  for (const CountMember& member : kCountMembers)
    comparison.amount(std::string(member.name), before.*member.value, after.*member.value,
                      member.unit);
  comparison.demand("input_isolation", before.input_isolation, after.input_isolation);
  if (before.format != after.format)
    comparison.note("format", after.format == ModelFormat::ort ? Change::wider : Change::tighter,
                    arrow(to_string(before.format), to_string(after.format)));
  compare_operators(comparison, before, after);
  compare_rules(comparison, "inputs", before.inputs, after.inputs);
  compare_rules(comparison, "outputs", before.outputs, after.outputs);
  compare_scheduling(comparison, before, after);
  comparison.amount("powers.threads", threads_of(before), threads_of(after), Unit::count);
  comparison.entries("powers.device_node", nodes_of(before), nodes_of(after));
  compare_scope(comparison, before, after);
  compare_distributions(comparison, before, after);
  return std::move(comparison).take();
}

}  // namespace vedette::release
