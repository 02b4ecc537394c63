# SPDX-License-Identifier: Apache-2.0
"""Sounds for the tests of listening, and the comparison of events with what was spoken."""
import argparse
import array
import json
import math
import os
import random
import struct
import subprocess
import wave

WORDS = "down go left no off on right stop up yes".split()
OTHERS = """seven house window garden people water morning winter yellow paper number
    table music river mountain question simple kitchen summer doctor camera basket father
    monkey""".split()
BLOCK = 0.01          # s; levels are of such blocks
GAP = 0.12            # a stop within a word is no longer
TOLERANCE = 0.15      # between a word's place and its event's


def read_wave(path):
    """Samples of the first channel, and the rate."""
    with wave.open(path) as file:
        channels, count = file.getnchannels(), file.getnframes()
        raw = file.readframes(count)
        return list(struct.unpack(f"<{len(raw) // 2}h", raw))[::channels], file.getframerate()


def write_wave(path, samples, rate, channels=1):
    with wave.open(path, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


def place_of(samples, rate):
    """Start and end, s, of the word in a recording of one: what is above the noise."""
    size = int(BLOCK * rate)
    levels = [sum(v * v for v in samples[i:i + size]) for i in range(0, len(samples), size)]
    peak = max(levels)
    edge = min(max(peak / 400, sorted(levels)[len(levels) // 10] * 4), peak / 4)
    middle = levels.index(peak)
    ends = []
    for step in (-1, 1):
        last = at = middle
        while 0 <= at < len(levels) and abs(at - last) * BLOCK <= GAP:
            if levels[at] >= edge:
                last = at
            at += step
        ends.append(last)
    return ends[0] * BLOCK, (ends[1] + 1) * BLOCK


def join(recordings, rate, seed, level):
    """Words [(word, samples)] with pauses of faint noise between; the places of the words."""
    draw = random.Random(seed)
    samples, truth = [], []

    def pause():
        samples.extend(draw.randint(-level, level)
                       for _ in range(draw.randint(rate // 2, rate)))

    for word, recording in recordings:
        pause()
        start, end = place_of(recording, rate)
        at = len(samples) / rate
        truth.append({"word": word, "start": at + start, "end": at + end})
        samples.extend(recording)
    pause()
    return samples, truth


def save(args, recordings, rate):
    samples, truth = join(recordings, rate, args.seed, 3)
    write_wave(args.out, samples, rate)
    with open(args.out + ".json", "w", encoding="utf-8") as file:
        json.dump(truth, file)


def stream(args):
    """The samples of a model, each twice in random order."""
    order = WORDS * 2
    random.Random(args.seed).shuffle(order)
    recordings = [(word, read_wave(os.path.join(args.folder, word + ".wav"))) for word in order]
    rate = recordings[0][1][1]
    save(args, [(word, recording[0]) for word, recording in recordings], rate)


def read_array(path):
    """Rows of an int16 .npy file of two axes."""
    with open(path, "rb") as file:
        file.read(8)
        head = file.read(struct.unpack("<H", file.read(2))[0]).decode()
        rows, columns = eval(head)["shape"]
        return [list(struct.unpack(f"<{columns}h", file.read(2 * columns))) for _ in range(rows)]


def people(args):
    """The recordings of people that are of a word."""
    rows = read_array(os.path.join(args.folder, "audio/speech_commands_1s/"
                                   "pcm_s16le_16k_250x16000.npy"))
    with open(os.path.join(args.folder, "eval/kws01/y_labels.csv"), encoding="utf-8") as file:
        labels = [int(line.rsplit(",", 1)[1]) for line in file.read().split()]
    recordings = [(WORDS[label], row) for row, label in zip(rows, labels) if label < len(WORDS)]
    save(args, recordings, 16000)


def speak(text, voice, speed, pitch, path):
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", path, text],
                   check=True)
    return read_wave(path)


def noise_pool(draw, rate):
    """Pieces of noise with the spectrum and the rhythm of speech, 120 s in all."""
    pool = array.array("h")
    while len(pool) < 120 * rate:
        low = phase = 0.0
        level, pitch = draw.uniform(500, 6000), draw.uniform(90, 220)
        for i in range(int(draw.uniform(1, 4) * rate)):
            low += 0.15 * (draw.uniform(-2, 2) - low)  # falls off like speech
            phase += pitch / rate
            voiced = math.sin(2 * math.pi * 2.3 * i / rate) > 0
            beat = 0.5 + 0.5 * math.sin(2 * math.pi * 4 * i / rate)     # syllables a second
            value = level * beat * (low + (0.5 - phase % 1) * voiced)
            pool.append(max(-32767, min(32767, int(value))))
    return pool


def babble(args):
    """SECONDS of sound without any of the words: sentences of other words in changing voices,
    each spoken once, and between them pieces of the pool of noise, cut at random places."""
    draw = random.Random(args.seed)
    rate, written = 22050, 0
    pool = noise_pool(draw, rate)
    with wave.open(args.out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        while written < args.seconds * rate:
            part = array.array("h")
            if args.speech:
                voice = draw.choice(["en-us", "en-gb", "en-us+f3", "en-us+m3", "en-gb+f4"])
                text = " ".join(draw.choice(OTHERS) for _ in range(8))
                spoken, spoken_rate = speak(text, voice, draw.randint(120, 190),
                                            draw.randint(25, 75), args.out + ".part")
                assert spoken_rate == rate
                part.extend(v // 2 for v in spoken)
            length = int(draw.uniform(0.5, 2.5) * rate)
            at = draw.randrange(len(pool) - length)
            part.extend(pool[at:at + length])
            file.writeframes(part.tobytes())
            written += len(part)


def voices(args):
    """Each word in several voices of espeak-ng."""
    draw = random.Random(args.seed)
    recordings, rate = [], 0
    for voice in ("en-us", "en-gb", "en-us+f3", "en-us+m3"):
        for word in WORDS:
            samples, rate = speak(word, voice, draw.randint(130, 170), draw.randint(30, 70),
                                  args.out + ".part")
            recordings.append((word, [v // 2 for v in samples]))
    draw.shuffle(recordings)
    save(args, recordings, rate)


def score(args):
    """Prints words, found once in their place, found twice, other events, largest distance."""
    with open(args.truth, encoding="utf-8") as file:
        truth = json.load(file)
    with open(args.events, encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    events = [event for event in events if event["event"] == "word"]
    once = twice = 0
    apart, left = [0.0], list(events)
    for word in truth:
        mine = [e for e in left if e["word"] == word["word"] and
                abs(e["start_s"] - word["start"]) <= TOLERANCE]
        left = [e for e in left if e not in mine]
        once += len(mine) == 1
        twice += len(mine) > 1
        apart += [abs(e["start_s"] - word["start"]) for e in mine]
    print(len(truth), once, twice, len(left), round(max(apart) * 1000))


def sparse(args):
    """SECONDS of 44.1 kHz stereo in a file without blocks on the disk: all samples are 0."""
    with wave.open(args.out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(b"")
    size = args.seconds * 44100 * 4
    with open(args.out, "r+b") as file:
        file.seek(4)
        file.write(struct.pack("<I", size + 36))
        file.seek(40)
        file.write(struct.pack("<I", size))
        file.truncate(44 + size)


def damage(args):
    """A recording whose header or samples are wrong, by name."""
    header = {"rate0": (16000, 1), "one": (16000, 1), "many": (16000, 200), "nan": (16000, 1)}
    rate, channels = header[args.kind]
    frames = 1 if args.kind == "one" else 16000
    samples = [(i * 37 % 2000) - 1000 for i in range(frames * channels)]
    write_wave(args.out, samples, rate, channels)
    if args.kind == "rate0":
        with open(args.out, "r+b") as file:
            file.seek(24)
            file.write(struct.pack("<I", 0))
    if args.kind == "nan":
        data = struct.pack("<16000f", *([0.25] * 12000 + [math.nan] * 4000))
        with open(args.out, "wb") as file:
            file.write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
                       struct.pack("<IHHIIHH", 16, 3, 1, rate, rate * 4, 4, 32) +
                       b"data" + struct.pack("<I", len(data)) + data)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(call, *names):
        one = commands.add_parser(call.__name__)
        one.set_defaults(call=call)
        for name in names:
            one.add_argument(name, type=int if name in ("seed", "seconds", "speech") else str)

    command(stream, "folder", "seed", "out")
    command(people, "folder", "seed", "out")
    command(voices, "seed", "out")
    command(babble, "seed", "seconds", "speech", "out")
    command(sparse, "seconds", "out")
    command(damage, "kind", "out")
    command(score, "truth", "events")
    args = parser.parse_args()
    args.call(args)


if __name__ == "__main__":
    main()
