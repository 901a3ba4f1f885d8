#include "cli/provenance_view.h"

#include "cli/output.h"
#include "release/provenance/parts.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr std::size_t kShownDigits = 16;

std::string shortened(const crypto::Sha256Digest& digest) {
  return to_hex(digest).substr(0, kShownDigits);
}

std::string number_text(double value) {
  return codec::to_json(value);
}

}  // namespace

Json provenance_json(const release::Provenance& provenance) {
  Json json = Json::Object{};
  if (provenance.build) json.set("build", release::write_slsa(*provenance.build));
  if (!provenance.datasets.empty())
    json.set("datasets", *release::write_datasets(provenance.datasets).find("datasets"));
  if (provenance.lineage) json.set("lineage", release::write_lineage(*provenance.lineage));
  if (!provenance.evaluations.empty())
    json.set("evaluations",
             *release::write_evaluations(provenance.evaluations).find("evaluations"));
  return json;
}

std::string provenance_text(const release::Provenance& provenance) {
  std::string text;
  const auto line = [&](std::string_view what, const std::string& words) {
    text += "  " + std::string(what) + std::string(10 - what.size(), ' ') + words + "\n";
  };
  if (provenance.build)
    line("built", "by, as its signer says, " + provenance.build->builder + " (" +
                      provenance.build->type + "), of " +
                      std::to_string(provenance.build->dependencies.size()) + " things");
  for (const release::Dataset& one : provenance.datasets)
    line("data", one.name + " (" + one.split + "): " + std::to_string(one.records) + " records, " +
                     one.licence + ", root " + shortened(one.root));
  if (provenance.lineage)
    line("made from",
         (provenance.lineage->base.empty() ? "what is not said" : provenance.lineage->base) +
             (provenance.lineage->method.empty() ? "" : " by " + provenance.lineage->method));
  for (const release::Evaluation& one : provenance.evaluations)
    line("judged", one.metric + " " + number_text(one.value) + " on " +
                       shortened(one.dataset_root) +
                       (one.minimum ? ", at least " + number_text(*one.minimum) : ""));
  return printable(text);
}

Json signers_json(const release::VerifiedProvenance& verified) {
  Json json = Json::Object{};
  for (const release::SignedPart& one : verified.parts)
    json.set(std::string(one.part), to_hex(one.signer));
  return json;
}

std::string signers_text(const release::VerifiedProvenance& verified) {
  std::string text;
  for (const release::SignedPart& one : verified.parts)
    text += "  signed    " + std::string(one.part) + " by key " + shortened(one.signer) + "\n";
  return text;
}

}  // namespace vedette::cli
