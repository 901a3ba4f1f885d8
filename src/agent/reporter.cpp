#include "agent/reporter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/fd.h"
#include "crypto/digest.h"

namespace vedette::agent {

namespace {

using codec::Json;
using inference::Tensor;

constexpr std::size_t kMaxWaiting = 4096;
constexpr std::uint64_t kBlock = 1024;
constexpr std::size_t kMaxSequenceFile = 32;
constexpr unsigned kPrivateFile = 0600;
constexpr std::size_t kInlineFloats = 16;  // outputs this small are sent along with their digest

void append_number(Bytes& to, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    to.push_back(static_cast<std::uint8_t>(number >> shift));
}

void append_sized(Bytes& to, ByteView bytes) {
  append_number(to, bytes.size());
  append(to, bytes);
}

// Injective: every part has its length in front, so no two lists of tensors share an encoding.
template <class AnyTensor>
crypto::Sha256Digest digest_of(std::span<const AnyTensor> tensors) {
  Bytes encoded;
  append_number(encoded, tensors.size());
  for (const AnyTensor& tensor : tensors) {
    append_sized(encoded, as_bytes(tensor.name));
    append_sized(encoded, as_bytes(inference::name_of(tensor.type)));
    append_number(encoded, tensor.shape.size());
    for (const std::int64_t dimension : tensor.shape)
      append_number(encoded, static_cast<std::uint64_t>(dimension));
    append_sized(encoded, tensor.data);
  }
  return crypto::sha256(encoded);
}

// The caller's id if a receipt can hold it (printable ASCII), else one made of the receipt's
// number.
std::string request_name(const std::string& id, std::uint64_t sequence) {
  const bool printable = std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
  return printable && !id.empty() ? id : "r" + std::to_string(sequence);
}

std::optional<Json> small_outputs(std::span<const Tensor> tensors) {
  Json::Array list;
  for (const Tensor& tensor : tensors) {
    if (tensor.type != inference::DataType::fp32 ||
        tensor.data.size() > kInlineFloats * sizeof(float))
      continue;
    Json::Array values;
    for (std::size_t at = 0; at < tensor.data.size(); at += sizeof(float)) {
      float value = 0;
      std::memcpy(&value, tensor.data.data() + at, sizeof value);
      if (!std::isfinite(value)) break;  // JSON has no word for it; the digest stands
      values.emplace_back(static_cast<double>(value));
    }
    if (values.size() * sizeof(float) != tensor.data.size()) continue;
    Json one;
    one.set("name", tensor.name).set("data", std::move(values));
    list.push_back(std::move(one));
  }
  if (list.empty()) return std::nullopt;
  return Json(std::move(list));
}

}  // namespace

Result<SequenceNumbers> SequenceNumbers::load(const std::string& folder) {
  std::string path = folder + "/receipt-sequence";
  if (!std::filesystem::exists(path)) return SequenceNumbers(std::move(path), 1);
  VEDETTE_TRY(const Bytes bytes, read_file(path, kMaxSequenceFile));
  const std::string_view text = as_text(bytes);
  std::uint64_t next = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), next);
  if (fault != std::errc{} || end != text.data() + text.size() || next == 0)
    return refuse("AGT-SEQUENCE", "the record of receipt numbers is damaged", path,
                  "restore it: a number used twice would make two receipts look like one");
  return SequenceNumbers(std::move(path), next);
}

Result<std::uint64_t> SequenceNumbers::take() {
  if (next_ == reserved_) {
    const std::string text = std::to_string(reserved_ + kBlock);
    VEDETTE_CHECK(write_file_atomically(path_, as_bytes(text), kPrivateFile));
    reserved_ += kBlock;
  }
  return next_++;
}

Reporter::Reporter(const Clock& clock, const TrustState& trust, SequenceNumbers sequence)
    : clock_(clock), trust_(trust), sequence_(std::move(sequence)) {}

Result<void> Reporter::witness(const Inference& inference) {
  VEDETTE_TRY(const Verdict verdict, trust_.current());
  const auto inputs = digest_of(inference.inputs);
  const auto outputs = digest_of(inference.outputs);
  auto values = small_outputs(inference.outputs);
  const std::scoped_lock lock(mutex_);
  if (waiting_.size() >= kMaxWaiting)
    return refuse("AGT-RECEIPTS-FULL", "too many results wait for the server",
                  std::to_string(waiting_.size()) + " receipts",
                  "restore the connection to the server; results are not given out unaccounted");
  VEDETTE_TRY(const std::uint64_t sequence, sequence_.take());
  waiting_.push_back({.device = verdict.device,
                      .epoch = verdict.epoch,
                      .model = inference.model.name,
                      .release = inference.model.release,
                      .model_root = inference.model.model_root,
                      .sequence = sequence,
                      .time = from_unix_seconds(to_unix_seconds(clock_.now())),
                      .request = request_name(inference.request_id, sequence),
                      .inputs_sha256 = inputs,
                      .outputs_sha256 = outputs,
                      .outputs = std::move(values)});
  ++counts_.witnessed;
  changed_.notify_one();
  return {};
}

Result<std::vector<std::string>> Reporter::sign_waiting(const crypto::PrivateKey& key,
                                                        std::size_t most) {
  std::vector<ledger::ReceiptClaims> unsigned_claims;
  std::size_t wanted = 0;
  {
    const std::scoped_lock lock(mutex_);
    wanted = std::min(most, waiting_.size());
    for (std::size_t i = signed_.size(); i < wanted; ++i)
      unsigned_claims.push_back(waiting_[i]);
  }
  for (const auto& claims : unsigned_claims) {  // the TPM is slow: the lock is not held meanwhile
    VEDETTE_TRY(std::string text, ledger::sign_receipt(claims, key));
    const std::scoped_lock lock(mutex_);
    signed_.push_back(std::move(text));
  }
  const std::scoped_lock lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(wanted, signed_.size()));
  return std::vector<std::string>(signed_.begin(), signed_.begin() + count);
}

void Reporter::settle(std::size_t accepted, std::size_t refused) {
  const std::scoped_lock lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(accepted + refused, signed_.size()));
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  signed_.erase(signed_.begin(), signed_.begin() + count);
  counts_.accepted += accepted;
  counts_.refused += refused;
}

void Reporter::wait(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  if (waiting_.empty()) changed_.wait_for(lock, most);
}

void Reporter::wake() {
  changed_.notify_all();
}

ReporterCounts Reporter::counts() const {
  const std::scoped_lock lock(mutex_);
  ReporterCounts counts = counts_;
  counts.waiting = waiting_.size();
  return counts;
}

}  // namespace vedette::agent
