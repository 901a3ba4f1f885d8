// Model bytes in nameless memory that nobody can change any more.
//
//   VEDETTE_TRY(auto writer, ModelWriter::create(limit));
//   while (...) { hash.update(chunk); VEDETTE_CHECK(writer.append(chunk)); }
//   VEDETTE_TRY(const auto model, std::move(writer).seal());   // then compare the hash, then start
//
// A model is verified while it is written here and is loaded from this descriptor alone: there is
// no file between the check and the use.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"

namespace vedette::inference {

// A memfd with F_SEAL_WRITE, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_SEAL. Owns the descriptor
// (close-on-exec).
class SealedModel {
 public:
  // Takes a descriptor that carries all four seals and has a size; refuses SBX-MODEL-UNSEALED
  // for any other (regular files and pipes included) and SBX-MODEL-EMPTY.
  [[nodiscard]] static Result<SealedModel> adopt(UniqueFd fd);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::uint64_t size() const { return size_; }  // octets

 private:
  SealedModel(UniqueFd fd, std::uint64_t size) : fd_(std::move(fd)), size_(size) {}

  UniqueFd fd_;
  std::uint64_t size_;
};

// A sealed model as read-only memory of this process; unmapped when it goes.
class ModelView {
 public:
  // Refuses SBX-MODEL-MEMORY.
  [[nodiscard]] static Result<ModelView> map(const SealedModel& model);
  ModelView(ModelView&& other) noexcept;
  ModelView& operator=(ModelView&&) = delete;
  ModelView(const ModelView&) = delete;
  ModelView& operator=(const ModelView&) = delete;
  ~ModelView();

  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  explicit ModelView(ByteView bytes) : bytes_(bytes) {}

  ByteView bytes_;
};

// Collects a model's bytes in order, then turns into a SealedModel. Not thread-safe.
class ModelWriter {
 public:
  // Refuses SBX-MODEL-MEMORY when the kernel gives no memfd.
  [[nodiscard]] static Result<ModelWriter> create(std::uint64_t max_bytes);

  // Refuses SBX-MODEL-SIZE before anything beyond `max_bytes` is written, SBX-MODEL-MEMORY when
  // memory runs out. After a refusal the writer is of no use.
  [[nodiscard]] Result<void> append(ByteView bytes);

  [[nodiscard]] std::uint64_t size() const { return size_; }  // octets so far

  // Refuses SBX-MODEL-EMPTY, SBX-MODEL-UNSEALED. The seals are read back before it returns.
  [[nodiscard]] Result<SealedModel> seal() &&;

 private:
  ModelWriter(UniqueFd fd, std::uint64_t max_bytes) : fd_(std::move(fd)), max_bytes_(max_bytes) {}

  UniqueFd fd_;
  std::uint64_t max_bytes_;
  std::uint64_t size_ = 0;
};

// The check behind adopt(), for a descriptor that somebody else owns: its size in octets.
[[nodiscard]] Result<std::uint64_t> check_sealed(int fd);

}  // namespace vedette::inference
