// Vedette's client for C++17 and later: client.h with owners and exceptions.
//
//   vedette::client::Model voice("/run/vedette/memory.sock", "voice");
//   std::vector<float> samples(512);
//   vedette::client::Outputs outputs;
//   voice.infer({vedette::client::input(0, {1, 512}, samples)}, outputs, std::chrono::seconds(1));
//   const float speech = outputs.as<float>(0)[0];
//
// What cannot be done throws Failure, which carries the code (client.h lists them). Threads: a
// Model may be used by many at once; each thread has Outputs of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#if __cplusplus >= 202002L
#include <span>
#endif

#include "vedette/client.h"

namespace vedette::client {

class Failure : public std::runtime_error {
 public:
  explicit Failure(const vedette_error& error)
      : std::runtime_error(std::string(error.code) + ": " + error.text), code_(error.code) {}

  [[nodiscard]] const std::string& code() const { return code_; }

 private:
  std::string code_;
};

#if __cplusplus >= 202002L
template <class T>
using View = std::span<const T>;
#else
// What std::span<const T> is to C++20.
template <class T>
class View {
 public:
  View(const T* data, std::size_t size) : data_(data), size_(size) {}

  [[nodiscard]] const T* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const T* begin() const { return data_; }
  [[nodiscard]] const T* end() const { return data_ + size_; }
  const T& operator[](std::size_t at) const { return data_[at]; }

 private:
  const T* data_;
  std::size_t size_;
};
#endif

// The number of an arithmetic type; FP16 has no type of its own and is written by hand.
template <class T>
constexpr std::uint32_t type_of() {
  if constexpr (std::is_same_v<T, bool>) return VEDETTE_BOOL;
  if constexpr (std::is_same_v<T, float>) return VEDETTE_FP32;
  if constexpr (std::is_same_v<T, double>) return VEDETTE_FP64;
  static_assert(std::is_arithmetic_v<T> && sizeof(T) <= 8, "this type is none of a tensor");
  constexpr bool kSigned = std::is_signed_v<T>;
  switch (sizeof(T)) {
    case 1:
      return kSigned ? VEDETTE_INT8 : VEDETTE_UINT8;
    case 2:
      return kSigned ? VEDETTE_INT16 : VEDETTE_UINT16;
    case 4:
      return kSigned ? VEDETTE_INT32 : VEDETTE_UINT32;
    default:
      return kSigned ? VEDETTE_INT64 : VEDETTE_UINT64;
  }
}

// An input whose elements are in `values` (anything with data() and size()), which is borrowed.
template <class Values>
vedette_input input(std::uint32_t index, std::initializer_list<std::int64_t> shape,
                    const Values& values) {
  using Element = std::remove_cv_t<std::remove_pointer_t<decltype(values.data())>>;
  if (shape.size() > VEDETTE_MAX_RANK) throw std::length_error("a tensor of too many dimensions");
  vedette_input result{};
  result.index = index;
  result.type = type_of<Element>();
  result.rank = static_cast<std::uint32_t>(shape.size());
  std::size_t at = 0;
  for (const std::int64_t dimension : shape)
    result.dims[at++] = dimension;
  result.data = values.data();
  result.size = values.size() * sizeof(Element);
  return result;
}

// The outputs of a call. Kept from call to call, their memory is used again.
class Outputs {
 public:
  Outputs() = default;
  Outputs(Outputs&& other) noexcept : list_(std::exchange(other.list_, {})) {}
  Outputs& operator=(Outputs&& other) noexcept {
    std::swap(list_, other.list_);
    return *this;
  }
  Outputs(const Outputs&) = delete;
  Outputs& operator=(const Outputs&) = delete;
  ~Outputs() { vedette_release(list_.data(), list_.size()); }

  [[nodiscard]] std::size_t size() const { return list_.size(); }
  [[nodiscard]] const vedette_output& operator[](std::size_t at) const { return list_.at(at); }

  // The elements of output `at`; throws std::invalid_argument when they are of another type.
  template <class T>
  [[nodiscard]] View<T> as(std::size_t at) const {
    const vedette_output& output = list_.at(at);
    if (output.type != type_of<T>()) throw std::invalid_argument("the output is of another type");
    return View<T>(static_cast<const T*>(output.data), output.size / sizeof(T));
  }

 private:
  friend class Model;
  std::vector<vedette_output> list_;
};

// One model of this device's agent.
class Model {
 public:
  Model(const std::string& socket, const std::string& model, vedette_options options = {}) {
    options.struct_size = sizeof options;
    vedette_error error;
    if (vedette_connect_with(socket.c_str(), model.c_str(), &options, &client_, &error) != 0)
      throw Failure(error);
  }
  Model(Model&& other) noexcept : client_(std::exchange(other.client_, nullptr)) {}
  Model& operator=(Model&& other) noexcept {
    std::swap(client_, other.client_);
    return *this;
  }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() { vedette_close(client_); }

  [[nodiscard]] View<vedette_info> inputs() const {
    std::size_t count = 0;
    const vedette_info* const list = vedette_inputs(client_, &count);
    return View<vedette_info>(list, count);
  }
  [[nodiscard]] View<vedette_info> outputs() const {
    std::size_t count = 0;
    const vedette_info* const list = vedette_outputs(client_, &count);
    return View<vedette_info>(list, count);
  }
  [[nodiscard]] std::uint64_t release() const { return vedette_release_number(client_); }

  void infer(const vedette_input* inputs, std::size_t count, Outputs& outputs,
             std::chrono::microseconds timeout) {
    outputs.list_.resize(this->outputs().size());
    vedette_error error;
    const auto time = timeout.count() < 0 ? 0 : static_cast<std::uint64_t>(timeout.count());
    if (vedette_infer(client_, inputs, count, outputs.list_.data(), outputs.list_.size(), time,
                      &error) != 0)
      throw Failure(error);
  }
  void infer(std::initializer_list<vedette_input> inputs, Outputs& outputs,
             std::chrono::microseconds timeout) {
    infer(inputs.begin(), inputs.size(), outputs, timeout);
  }

 private:
  vedette_client* client_ = nullptr;
};

}  // namespace vedette::client
