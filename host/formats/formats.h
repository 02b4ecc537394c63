/* SPDX-License-Identifier: Apache-2.0
 * Untrusted files: bytes in, graph or tensor out; tensor in, bytes out.
 *
 * Every reader checks before it trusts; a bad file gives GANTRY_ERR_FILE with one line that names
 * file, position and reason. Nothing is written unless the whole content is ready: writers go
 * through a temporary name and rename. */
#ifndef GANTRY_FORMATS_H
#define GANTRY_FORMATS_H

#include "graph/graph.h"

/* A whole file, mapped read-only (or read, where mapping fails). */
struct gantry_file {
    const uint8_t *data;
    size_t size;
    bool mapped;
};
GANTRY_MUST_USE enum gantry_status gantry_file_open(struct gantry_file *file, const char *path,
                                                    struct gantry_error *error);
void gantry_file_close(struct gantry_file *file);

/* Shapes that inputs are given while a model is read. */
struct gantry_input_shapes {
    const struct gantry_input_shape *items;
    size_t count;
};
/* shapes.c, for the readers: sets the shapes of a graph's inputs, whose free_dims are known and
 * whose tensors are there. name: of the file, for messages. *changed: whether one is now another
 * than before. Errors: GANTRY_ERR_SHAPE, naming the input, both shapes and the fixed dimension. */
GANTRY_MUST_USE enum gantry_status gantry_inputs_shape(struct gantry_graph *graph,
                                                       const struct gantry_input_shapes *shapes,
                                                       const char *name, bool *changed,
                                                       struct gantry_error *error);

/* Whether inputs that have been read have shapes that are asked for; the error names both. */
GANTRY_MUST_USE enum gantry_status gantry_inputs_match(const struct gantry_graph *graph,
                                                       const struct gantry_input_shapes *shapes,
                                                       const char *name,
                                                       struct gantry_error *error);

/* Reads a .tflite model into an initialised graph. The graph borrows constant data from bytes,
 * which must outlive it. name: for messages and as the graph's name. Verifier first, then
 * semantic checks, then gantry_graph_check. Operators outside ops.def and custom operators are
 * all named in one GANTRY_ERR_UNSUPPORTED. shapes: of inputs, or NULL: those of the file; with
 * others all that depend on them are inferred. */
GANTRY_MUST_USE enum gantry_status
gantry_tflite_read(struct gantry_graph *graph, const uint8_t *bytes, size_t size, const char *name,
                   const struct gantry_input_shapes *shapes, struct gantry_error *error);

/* Reads an .onnx model into an initialised graph, which copies what it keeps. folder: of data that
 * lies in files beside the model, with its last '/'; NULL refuses such data. Channels become the
 * last axis inside; inputs and outputs keep their shapes. Dimensions without a number are those of
 * shapes (NULL: none), of inputs that name them alike, or 1. Operators that are not read are all
 * named in one GANTRY_ERR_UNSUPPORTED. */
GANTRY_MUST_USE enum gantry_status gantry_onnx_read(struct gantry_graph *graph,
                                                    const uint8_t *bytes, size_t size,
                                                    const char *name, const char *folder,
                                                    const struct gantry_input_shapes *shapes,
                                                    struct gantry_error *error);
/* The same model with what lies in files beside it as a part of it, to release with the allocator;
 * *out NULL: nothing lies beside it. */
GANTRY_MUST_USE enum gantry_status gantry_onnx_inline(const void *bytes, size_t size,
                                                      const char *name, const char *folder,
                                                      const struct gantry_allocator *allocator,
                                                      void **out, size_t *out_size,
                                                      struct gantry_error *error);
/* Whether bytes look like an .onnx model. */
bool gantry_onnx_is_model(const uint8_t *bytes, size_t size);

/* A dense array read from or written to .npy (NumPy format 1.0 to 3.0, C order, little endian). */
struct gantry_array {
    enum gantry_dtype dtype;
    struct gantry_shape shape; /* rank up to GANTRY_RANK_MAX */
    void *data;                /* owned; release with gantry_array_finish */
    size_t bytes;
    const struct gantry_allocator *allocator;
};
GANTRY_MUST_USE enum gantry_status gantry_npy_read(struct gantry_array *array, const char *path,
                                                   const struct gantry_allocator *allocator,
                                                   struct gantry_error *error);
GANTRY_MUST_USE enum gantry_status gantry_npy_write(const char *path, enum gantry_dtype dtype,
                                                    const struct gantry_shape *shape,
                                                    const void *data, size_t bytes,
                                                    struct gantry_error *error);
void gantry_array_finish(struct gantry_array *array);

/* How a picture becomes a model input; from a manifest, or by default from the input's shape. */
struct gantry_image_options {
    bool invert; /* v = 255 - v before anything else */
    float scale; /* real = v * scale + offset */
    float offset;
};

/* What is done without a manifest, so that the common int8 inputs get q = v - 128: real = v / 255
 * when the input's scale is at most 1/200, else real = v. A uint8 input gets q = v, a float32 one
 * v / 255. */
struct gantry_image_options gantry_image_default_options(const struct gantry_tensor_info *info);

/* Reads .png, .jpg or .bmp, converts to the channels of the input (1 or 3), resizes by area
 * averaging to its height and width and quantises to its int8 (or uint8) scale and zero point, or
 * gives float32. info: shape [1,H,W,C], or [1,C,H,W] where W is neither 1 nor 3. out->shape is
 * info's; size (may be NULL) is that of the picture itself. Errors name file and reason; a picture
 * has at most 16384 x 16384 pixels. */
struct gantry_image_size {
    int32_t w, h;
};
GANTRY_MUST_USE enum gantry_status
gantry_image_read(struct gantry_array *out, const char *path, const struct gantry_tensor_info *info,
                  const struct gantry_image_options *options, struct gantry_image_size *size,
                  const struct gantry_allocator *allocator, struct gantry_error *error);

/* A picture as it is: 8-bit RGB, w x h pixels in rows. */
struct gantry_picture {
    uint8_t *rgb; /* owned; release with gantry_picture_finish */
    int32_t w, h;
    const struct gantry_allocator *allocator;
};
GANTRY_MUST_USE enum gantry_status gantry_picture_read(struct gantry_picture *picture,
                                                       const char *path,
                                                       const struct gantry_allocator *allocator,
                                                       struct gantry_error *error);
/* Writes a .png. */
GANTRY_MUST_USE enum gantry_status gantry_picture_write(const struct gantry_picture *picture,
                                                        const char *path,
                                                        struct gantry_error *error);
/* A black picture; rgb NULL: out of memory. */
struct gantry_picture gantry_picture_make(int32_t w, int32_t h,
                                          const struct gantry_allocator *allocator);
void gantry_picture_finish(struct gantry_picture *picture);
/* Rectangles of text at (0, 0), two pixels for each one of the font: at most limit of x, y, w, h.
 * Returns how many. ASCII; a line is 24 pixels high. */
struct gantry_rectangle {
    int32_t x, y, w, h;
};
int32_t gantry_picture_text(const char *text, struct gantry_rectangle *out, int32_t limit);

/* How sound becomes a model input: framing, periodic Hann window, FFT, mel bands, logarithm, DCT.
 * docs/audio.md has the arithmetic. Checked by gantry_frontend_create. */
struct gantry_audio_options {
    int32_t rate;             /* Hz that the network works at */
    int32_t samples;          /* of one model input */
    int32_t window, stride;   /* samples of a frame, and from one frame to the next */
    int32_t fft;              /* points, even; a frame is filled up with zeros */
    int32_t mel_bands;        /* triangles between mel_low and mel_high */
    int32_t coefficients;     /* of the DCT; 0: none, the features are the logarithms */
    double mel_low, mel_high; /* Hz */
    double log_offset;        /* added before the logarithm */
    bool normalise_maximum;   /* samples are divided by the largest of the input, if above 0 */
    bool power;               /* bands sum |X|^2, else |X| */
    bool half_even;           /* rounding of the quantisation, else toward zero */
};
/* How a stream is decided on. */
struct gantry_listen_options {
    int32_t hop_ms;        /* from one input to the next */
    int32_t smooth_ms;     /* scores are averaged over so long */
    int32_t refractory_ms; /* least time from one event to the next of the same word */
    double threshold;      /* of the averaged score, 0..1 */
};
/* The features of the MLPerf Tiny keyword benchmark. */
struct gantry_audio_options gantry_audio_default_options(void);
struct gantry_listen_options gantry_listen_default_options(void);

/* manifest.json beside a model: labels, input preparation. Optional: found is false without it.
 * labels[i] are owned strings. */
struct gantry_manifest {
    bool found;
    struct gantry_arena arena;
    const uint8_t *text; /* the JSON itself, owned; NULL where none was found */
    size_t text_size;
    char **labels;
    int32_t label_count;
    bool image; /* the input is a picture, prepared by these options */
    struct gantry_image_options image_options;
    bool audio; /* the input is sound, prepared by these options */
    struct gantry_audio_options audio_options;
    struct gantry_listen_options listen_options;
    char **ignored; /* labels that are no words: silence, other words */
    int32_t ignored_count;
};
GANTRY_MUST_USE enum gantry_status gantry_manifest_read(struct gantry_manifest *manifest,
                                                        const char *model_path,
                                                        const struct gantry_allocator *allocator,
                                                        struct gantry_error *error);
/* The same from the bytes of such a file; name stands in errors. */
GANTRY_MUST_USE enum gantry_status gantry_manifest_parse(struct gantry_manifest *manifest,
                                                         const uint8_t *bytes, size_t size,
                                                         const char *name,
                                                         const struct gantry_allocator *allocator,
                                                         struct gantry_error *error);
void gantry_manifest_finish(struct gantry_manifest *manifest);

/* One label per line from a text file, into manifest->labels (replacing those it has). */
GANTRY_MUST_USE enum gantry_status gantry_labels_read(struct gantry_manifest *manifest,
                                                      const char *path, struct gantry_error *error);

#endif
