// What a decision costs, beside the table that was compiled in before policies were texts.
//
//   policy_bench [-o json]
//
// Every principal and action in turn, a device's facts set anew each time. One core, one thread.
#include <cstdlib>
#include <iostream>

#include "policy/check.h"
#include "policy/policy_samples.h"
#include "policy/property.h"
#include "policy/table_of_old.h"

#include "report.h"

namespace vedette::bench {
namespace {

using namespace policy;
using std::chrono::steady_clock;

constexpr int kRounds = 40;
constexpr int kPasses = 400;

// So many rules that each request meets a good part of them.
std::string large_policy() {
  std::string text = "role some = [\"operator/alice\"];\n";
  for (std::size_t i = 0; i < kMaxRules; ++i)
    text +=
        rule(i % 2 == 0 ? "permit device to any when principal.status == \"active\" and "
                          "principal.group in [\"a\", \"b\", \"c\"]"
                        : "forbid device to read_blob, read_release when resource.tier == "
                          "\"high\" and not (context.attested and context.attestation_age < 5m)",
             "r" + std::to_string(i));
  return text;
}

// Nanoseconds for one decision, over all pairs of principal and action.
template <class Decide>
void measure(Samples& samples, const Decide& decide) {
  std::size_t allowed = 0;
  const auto start = steady_clock::now();
  for (int pass = 0; pass < kPasses; ++pass)
    for (const Principal principal : all_principals())
      for (const Action action : all_actions())
        allowed += decide(principal, action, pass % 2 == 0) ? 1U : 0U;
  const std::chrono::nanoseconds took = steady_clock::now() - start;
  if (allowed == 0) std::exit(EXIT_FAILURE);  // the compiler must not leave the work out
  samples.add(static_cast<double>(took.count()) /
              static_cast<double>(kPasses * all_principals().size() * all_actions().size()));
}

bool by_policy(const Policy& policy, Principal principal, Action action, bool attested) {
  Request request{principal, action, {}};
  request.facts.set_choice(Attribute::principal_status, "active");
  request.facts.set_name(Attribute::principal_group, "c");
  request.facts.set_flag(Attribute::context_attested, attested);
  request.facts.set_number(Attribute::context_attestation_age, 10);
  request.facts.set_choice(Attribute::resource_tier, "high");
  return policy.decide(request).allowed;
}

// `work` tells whether it was done.
template <class Work>
Samples times_of(const Work& work) {
  Samples samples;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = steady_clock::now();
    if (!work()) std::exit(EXIT_FAILURE);
    samples.add_microseconds(steady_clock::now() - start);
  }
  return samples;
}

void measure_decisions(Report& report, const Policy& large) {
  Samples table, built_in, many;
  for (int round = 0; round < kRounds; ++round) {
    measure(table, [](Principal principal, Action action, bool attested) {
      return old::decide({principal, action, {true, attested}}).allowed;
    });
    measure(built_in, [](Principal principal, Action action, bool attested) {
      return by_policy(default_policy(), principal, action, attested);
    });
    measure(many, [&](Principal principal, Action action, bool attested) {
      return by_policy(large, principal, action, attested);
    });
  }
  report.section("one decision", "ns");
  report.line("the table of old", table);
  report.line("the built-in policy", built_in);
  report.line("a policy of " + std::to_string(kMaxRules) + " rules", many);
  report.bar("the built-in policy", built_in.median(), Report::Side::at_most, 1'000, "ns");
}

void measure_texts(Report& report, const std::string& large_text) {
  const Policy strict = policy_of(kStrict);
  const Property property =
      parse_property("no rule grants high without attestation younger than 5 min", strict).value();
  report.section("once at start, or by a person", "us");
  report.line("reading the built-in policy",
              times_of([] { return parse_policy(default_policy_text()).has_value(); }));
  report.line("reading a policy of " + std::to_string(kMaxRules) + " rules",
              times_of([&] { return parse_policy(large_text).has_value(); }));
  report.line("checking the built-in policy",
              times_of([] { return findings(default_policy()).empty(); }));
  report.line("proving freshness for tier high",
              times_of([&] { return prove(strict, property)->holds(); }));
}

}  // namespace
}  // namespace vedette::bench

int main(int argc, char** argv) {
  using namespace vedette::bench;
  const bool json =
      argc == 3 && argv[1] == std::string_view("-o") && argv[2] == std::string_view("json");
  if (argc != 1 && !json) {
    std::cerr << "usage: policy_bench [-o json]\n";
    return 2;
  }
  Report report;
  const std::string text = large_policy();
  measure_decisions(report, vedette::policy::policy_of(text));
  measure_texts(report, text);
  std::cout << (json ? to_pretty_json(report.json()) : report.text()) << '\n';
  return EXIT_SUCCESS;
}
