#include "metrics/utf8.hpp"

namespace pgweir::metrics {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t label_limit = 63;

unsigned byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

struct sequence_form {
  std::size_t length;
  unsigned second_low, second_high;  // allowed range of the second byte
};

// RFC 3629, section 4.
sequence_form form_of(unsigned lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

std::size_t utf8_sequence_length(std::string_view text) {
  if (text.empty()) return 0;
  const unsigned lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  const sequence_form form = form_of(lead);
  if (form.length == 0 || text.size() < form.length) return 0;
  if (byte_at(text, 1) < form.second_low || byte_at(text, 1) > form.second_high) return 0;
  for (std::size_t i = 2; i < form.length; ++i)
    if ((byte_at(text, i) & 0xC0) != 0x80) return 0;
  return form.length;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    out += length != 0 ? text.substr(0, length) : replacement;
    text.remove_prefix(length != 0 ? length : 1);
  }
  return out;
}

std::string bounded_label(std::string_view text) {
  std::string label = valid_utf8(text);
  if (label.size() <= label_limit) return label;
  std::size_t end = label_limit;
  while ((byte_at(label, end) & 0xC0) == 0x80) --end;
  label.resize(end);
  label += "...";
  return label;
}

}  // namespace pgweir::metrics
