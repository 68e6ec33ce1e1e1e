using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using IlqrVae.Models;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Simulation;
using IlqrVae.Training;

namespace IlqrVae.Runs.Tests;

/// <summary>Event files, read by a reader that shares nothing with what writes them.</summary>
public sealed class EventFiles : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-events-");

    private string this[string name] => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<string, uint> KnownChecksums { get; } = new()
    {
        // RFC 3720, B.4, and the usual check value.
        { new string('0', 64), 0x8A9136AA },
        { new string('F', 64), 0x62A8AB43 },
        { string.Concat(Enumerable.Range(0, 32).Select(i => i.ToString("X2", null))), 0x46DD794E },
        { string.Concat(Enumerable.Range(0, 32).Select(i => (31 - i).ToString("X2", null))), 0x113FDB5C },
        { Convert.ToHexString("123456789"u8), 0xE3069283 },
        { "", 0 },
    };

    [Theory]
    [MemberData(nameof(KnownChecksums))]
    public void Checksums_are_those_of_the_standard(string bytes, uint expected)
    {
        Assert.Equal(expected, EventFile.Checksum(Convert.FromHexString(bytes)));
        Assert.Equal(expected, Crc(Convert.FromHexString(bytes)));
    }

    [Fact]
    public void A_file_begins_with_the_bytes_that_all_event_files_begin_with()
    {
        using var file = EventFile.Begin(this["logs"], 1);
        var bytes = Bytes(file.Path);
        Assert.Equal("1800000000000000A37F4B2209", Convert.ToHexString(bytes[..13]));
        Assert.StartsWith("events.out.tfevents.", Path.GetFileName(file.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_written_is_on_the_disk_at_once_and_is_what_is_read()
    {
        var now = DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000.25);
        using var file = EventFile.Begin(this["logs"], 7, new Clock(now));
        file.Add(7, [("loss/train", 0.5), ("loss/validation", double.NaN)]);
        file.Add(300, [("loss/train", -1e-3)]);
        byte[] png = [.. "\u0089PNG\r\n\u001a\n"u8[1..], 0, 0, 0, 13, .. "IHDR"u8, 0, 0, 1, 44, 0, 0, 0, 200, 8, 6, 0, 0, 0];
        png[0] = 0x89;
        file.AddImage(300, "figures/rates", png);
        var events = Read(file.Path);
        Assert.Equal(5, events.Count);
        Assert.All(events, one => Assert.Equal(1_700_000_000.25, one.WallTime));
        Assert.Equal("brain.Event:2", events[0].Version);
        Assert.True(events[1].IsStart);
        Assert.Equal([0, 7, 7, 300, 300], events.Select(one => one.Step));
        Assert.Equal([("loss/train", 0.5f), ("loss/validation", float.NaN)], events[2].Scalars);
        Assert.Equal([("loss/train", -1e-3f)], events[3].Scalars);
        var image = Assert.Single(events[4].Images);
        Assert.Equal(("figures/rates", 200, 300), (image.Tag, image.Height, image.Width));
        Assert.Equal(png, image.Bytes);
        Assert.Throws<ArgumentException>(() => file.AddImage(1, "none", "this is no picture at all"u8));
    }

    [Fact]
    public void Files_of_one_second_have_names_in_their_order()
    {
        var clock = new Clock(DateTimeOffset.UnixEpoch.AddSeconds(5));
        var names = Enumerable.Range(0, 12).Select(_ =>
        {
            using var file = EventFile.Begin(this["logs"], 1, clock);
            return file.Path;
        }).ToList();
        Assert.Equal(names, names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public void A_training_and_its_continuation_have_all_that_the_history_has()
    {
        var run = new RunFolder(this["run"]);
        Train(run, iterations: 6, stopAfter: 4);
        Train(run, iterations: 6, stopAfter: null);
        var files = Directory.GetFiles(this["logs"]).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(2, files.Count);
        Assert.Equal([1, 5], files.Select(file => Read(file)[1].Step));
        var events = files.SelectMany(Read).Where(one => one.Scalars.Count > 0).ToList();
        Assert.Equal([1, 2, 3, 4, 5, 6], events.Select(one => one.Step));
        var lines = File.ReadAllLines(run.HistoryLines).Select(line => JsonNode.Parse(line)!.AsObject()).ToList();
        foreach (var (line, found) in lines.Zip(events))
        {
            void Same(string column, string tag)
            {
                var expected = line[column]?.GetValue<double>();
                Assert.Equal(expected is null ? [] : [(float)expected], found.Scalars.Where(one => one.Tag == tag).Select(one => one.Value));
            }

            Same("loss", "loss/train");
            Same("validation_loss", "loss/validation");
            Same("gradient_norm", "optimiser/gradient_norm");
            Same("learning_rate", "optimiser/learning_rate");
            Same("seconds", "time/seconds");
            Same("factorisations", "solver/factorisations");
            Assert.Equal(line.Count - 1 - line.Count(one => one.Value is null), found.Scalars.Count);
        }

        Assert.Equal([2, 4, 6], events.Where(one => one.Scalars.Any(scalar => scalar.Tag == "loss/validation")).Select(one => one.Step));
    }

    [Fact]
    public void Trainings_with_names_have_folders_of_their_own()
    {
        var record = new TrainingRecord(1, 1, 2, 3, 4, null, 0.1, 1, 1, 1, 1, 1, 0, 0, 0, 0);
        using var events = new TrainingEvents(this["logs"]);
        foreach (var (name, step) in new[] { ("round 1, GRU/8", 1), ("round 1, GRU/8", 2), ("round 1, GRU/8", 1), ("last, GRU", 1) })
        {
            events.Report(new TrainingProgress(record with { Iteration = step }, 2, double.NaN, double.NaN, "ELBO") { Name = name });
        }

        Assert.Equal(["last-gru", "round-1-gru-8"], Directory.GetDirectories(this["logs"]).Select(Path.GetFileName).Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Equal(2, Directory.GetFiles(this["logs/round-1-gru-8"]).Length);
        Assert.Single(Directory.GetFiles(this["logs/last-gru"]));
    }

    [Fact]
    public void Several_trainings_at_a_time_have_a_file_each()
    {
        var record = new TrainingRecord(1, 1, 2, 3, 4, null, 0.1, 1, 1, 1, 1, 1, 0, 0, 0, 0);
        using (var events = new TrainingEvents(this["logs"]))
        {
            foreach (var (name, step) in new[] { ("round 1, one", 1), ("round 1, other", 1), ("round 1, one", 2), ("round 1, other", 2), ("round 1, one", 3), ("round 1, third", 1), ("round 1, other", 3) })
            {
                events.Report(new TrainingProgress(record with { Iteration = step }, 3, double.NaN, double.NaN, "ELBO") { Name = name });
            }
        }

        foreach (var name in new[] { "one", "other" })
        {
            Assert.Equal([1L, 2, 3], Read(Assert.Single(Directory.GetFiles(this[$"logs/round-1-{name}"]))).Where(one => one.Scalars.Count > 0).Select(one => one.Step));
        }
    }

    [Fact]
    public void Where_nothing_can_be_written_training_goes_on_and_it_is_told_once()
    {
        File.WriteAllText(this["file"], "");
        Assert.Contains("is a file", Assert.Throws<InputException>(() => TrainingEvents.Require(this["file"])).Message, StringComparison.Ordinal);
        var told = new List<string>();
        using var events = new TrainingEvents(this["file/below"], told.Add);
        var record = new TrainingRecord(1, 1, 2, 3, 4, null, 0.1, 1, 1, 1, 1, 1, 0, 0, 0, 0);
        events.Report(new TrainingProgress(record, 2, double.NaN, double.NaN, "ELBO"));
        events.Report(new TrainingProgress(record with { Iteration = 2 }, 2, double.NaN, double.NaN, "ELBO"));
        Assert.Contains("nothing more is written", Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact]
    public void TensorBoard_itself_reads_them()
    {
        using (var file = EventFile.Begin(this["logs"], 1))
        {
            file.Add(1, [("loss/train", 2)]);
            file.Add(2, [("loss/train", 1.5)]);
        }

        using (var file = EventFile.Begin(this["logs"], 2))
        {
            file.Add(2, [("loss/train", 1.25)]);
        }

        const string script =
            "import sys\ntry:\n    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\nexcept ImportError:\n    sys.exit(77)\n"
            + "events = EventAccumulator(sys.argv[1]); events.Reload(); print([(one.step, one.value) for one in events.Scalars('loss/train')])\n";
        Process? python = null;
        try
        {
            python = Process.Start(new ProcessStartInfo("python3", ["-c", script, this["logs"]]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("There is no python3.");
        }

        using (python)
        {
            var said = python!.StandardOutput.ReadToEnd();
            python.WaitForExit();
            Assert.SkipWhen(python.ExitCode == 77, "Python's tensorboard is not installed: pip install tensorboard.");
            Assert.Equal("[(1, 2.0), (2, 1.25)]", said.Trim());
        }
    }

    private void Train(RunFolder run, int iterations, int? stopAfter)
    {
        using var events = new TrainingEvents(this["logs"]);
        TrainingSession.Run(
            new RunConfiguration
            {
                Data = "data.h5",
                Model = new ModelSpecification { States = 3, Inputs = 2 },
                Training = new TrainingOptions { Iterations = iterations, ValidationInterval = 2, Threads = 2, BatchSize = 4 },
            },
            Simulations.Maze(new MazeOptions { Neurons = 8, HeldOutNeurons = 0, Trials = 5, ValidationTrials = 2, TestTrials = 1, Seed = 3 }),
            run, new TrainingRequest("a test", Resume: stopAfter is null, StopAfter: stopAfter), events, TestContext.Current.CancellationToken);
    }

    // ---- the reader ----------------------------------------------------------------------------

    private sealed record Event(double WallTime, long Step, string Version, bool IsStart, IReadOnlyList<(string Tag, float Value)> Scalars, IReadOnlyList<(string Tag, int Height, int Width, byte[] Bytes)> Images);

    private static byte[] Bytes(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static List<Event> Read(string path)
    {
        var bytes = Bytes(path);
        var events = new List<Event>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(Mask(Crc(bytes[at..(at + 8)])), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            var record = bytes[(at + 12)..(at + 12 + length)];
            Assert.Equal(Mask(Crc(record)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            events.Add(EventOf(record));
            at += 16 + length;
        }

        return events;
    }

    private static Event EventOf(byte[] record)
    {
        var fields = Fields(record);
        var values = fields.Where(field => field.Number == 5).SelectMany(field => Fields(field.Bytes)).Where(field => field.Number == 1).Select(field => Fields(field.Bytes)).ToList();
        return new Event(
            BitConverter.UInt64BitsToDouble(fields.Single(field => field.Number == 1).Value),
            (long)fields.SingleOrDefault(field => field.Number == 2).Value,
            fields.Where(field => field.Number == 3).Select(field => Encoding.UTF8.GetString(field.Bytes)).SingleOrDefault() ?? "",
            fields.Where(field => field.Number == 7).SelectMany(field => Fields(field.Bytes)).Any(field => field is { Number: 1, Value: 1 }),
            [.. values.Where(value => value.Exists(field => field.Number == 2)).Select(value => (TagOf(value), BitConverter.UInt32BitsToSingle((uint)value.Single(field => field.Number == 2).Value)))],
            [.. values.Where(value => value.Exists(field => field.Number == 4)).Select(value =>
            {
                var image = Fields(value.Single(field => field.Number == 4).Bytes);
                return (TagOf(value), (int)image.Single(field => field.Number == 1).Value, (int)image.Single(field => field.Number == 2).Value, image.Single(field => field.Number == 4).Bytes);
            })]);

        static string TagOf(List<(int Number, ulong Value, byte[] Bytes)> value) => Encoding.UTF8.GetString(value.Single(field => field.Number == 1).Bytes);
    }

    private static List<(int Number, ulong Value, byte[] Bytes)> Fields(byte[] message)
    {
        var at = 0;
        ulong Varint()
        {
            ulong value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var one = message[at++];
                value |= (ulong)(one & 0x7f) << shift;
                if (one < 0x80)
                {
                    return value;
                }
            }
        }

        var fields = new List<(int, ulong, byte[])>();
        while (at < message.Length)
        {
            var head = Varint();
            var (value, bytes) = (0UL, Array.Empty<byte>());
            switch (head & 7)
            {
                case 0:
                    value = Varint();
                    break;
                case 1:
                    value = BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at));
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint();
                    bytes = message[at..(at + length)];
                    at += length;
                    break;
                case 5:
                    value = BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at));
                    at += 4;
                    break;
                default:
                    Assert.Fail($"a field has wire type {head & 7}");
                    break;
            }

            fields.Add(((int)(head >> 3), value, bytes));
        }

        return fields;
    }

    /// <summary>CRC-32C a bit at a time.</summary>
    private static uint Crc(byte[] bytes)
    {
        var sum = 0xFFFFFFFF;
        foreach (var one in bytes)
        {
            sum ^= one;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum & 1) != 0 ? (sum >> 1) ^ 0x82F63B78 : sum >> 1;
            }
        }

        return sum ^ 0xFFFFFFFF;
    }

    private static uint Mask(uint sum) => unchecked(((sum >> 15) | (sum << 17)) + 0xA282EAD8);

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
