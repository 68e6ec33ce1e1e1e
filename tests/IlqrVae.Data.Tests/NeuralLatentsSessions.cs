namespace IlqrVae.Data.Tests;

/// <summary>
/// Small NWB files in the layout of each set of the Neural Latents Benchmark: units out of the order of their ids, gaps, times off the grid, trials of all splits. What the benchmark's own
/// tools (commit 1ddc15f) make of the very files is in the tests that use them.
/// </summary>
internal static class NeuralLatentsSessions
{
    public const int HeldIn = 6;
    public const int HeldOut = 2;

    private static readonly long[] s_ids = [31, 12, 81, 51, 11, 93, 22, 42];

    /// <summary>Writes a file.</summary>
    /// <param name="path">Where.</param>
    /// <param name="set">The set whose layout it has.</param>
    /// <param name="isTest">Whether it is the file of the test trials: without held-out units, behaviour and what trials turned out to be.</param>
    public static string Write(string path, string set, bool isTest = false)
    {
        var random = new Random(isTest ? 8 : 7);
        var builder = new NwbBuilder();
        var count = isTest ? 3 : 16;
        var spacing = set switch { "mc_rtt" => 0.6, "dmfc_rsg" => 2.6, _ => isTest ? 0.8 : 1.1 };
        double[] starts = [.. Enumerable.Range(0, count).Select(i => Math.Round(0.3 + (i * spacing), 4))];
        var end = starts[^1] + spacing + (set == "dmfc_rsg" ? 0.6 : 0.3504);
        Units(builder, random, end, isTest, set);
        Trials(builder, random, set, starts, spacing, isTest);
        if (!isTest && set != "dmfc_rsg")
        {
            Behaviour(builder, random, set == "mc_rtt" ? "finger_vel" : "hand_vel", (int)(end * 1000), set == "mc_rtt" ? "[y,x]" : "[x,y]");
        }

        return builder.Save(path);
    }

    private static void Units(NwbBuilder builder, Random random, double end, bool isTest, string set)
    {
        long[] ids = isTest ? [.. s_ids.Where((_, i) => !IsHeldOut(i))] : s_ids;
        builder.Units(ids, [.. ids.Select((id, i) => Spikes(random, end, 8 + (4 * i)))], Array.Empty<ushort>());
        builder.Group("units")["heldout"] = isTest ? [.. ids.Select(_ => H5Bool.FALSE)] : Enumerable.Range(0, ids.Length).Select(i => IsHeldOut(i) ? H5Bool.TRUE : H5Bool.FALSE).ToArray();

        // The pause lies in the trial that is for nothing, and is another one for held-out units.
        var pause = set is "mc_rtt" or "dmfc_rsg" || isTest ? null : (double[])[0.3 + (5 * 1.1) + 0.5003, 0.3 + (5 * 1.1) + 0.7001];
        builder.Observed([.. ids.Select((_, i) => pause is null ? [0, end] : IsHeldOut(i) && !isTest ? [0, pause[0], pause[1] - 0.05, end] : new[] { 0, pause[0], pause[1], end })]);
    }

    private static bool IsHeldOut(int i) => i is 3 or 6;

    private static double[] Spikes(Random random, double end, double rate)
    {
        var count = (int)(rate * (end - 0.01));
        return [.. Enumerable.Range(0, count).Select(_ => Math.Round(random.NextDouble() * (end - 0.01) * 30_000) / 30_000).Order()];
    }

    private static void Trials(NwbBuilder builder, Random random, string set, double[] starts, double spacing, bool isTest)
    {
        var count = starts.Length;
        string[] splits = [.. Enumerable.Range(0, count).Select(i => isTest ? "test" : i == 5 || i == count - 1 ? "none" : i % 3 == 1 ? "val" : "train")];
        double[] stops = [.. starts.Select(start => start + spacing - 0.1)];
        var columns = new List<(string, object)> { ("split", splits) };
        switch (set)
        {
            case "mc_rtt":
                stops = [.. starts.Select(start => start + 0.6)];
                break;
            case "area2_bump":
                columns.Add(("move_onset_time", Onsets(0.2)));
                Add("cond_dir", i => i == 7 ? double.NaN : 90 * (i % 2));
                Add("ctr_hold_bump", i => i / 2 % 2 == 0 ? H5Bool.FALSE : H5Bool.TRUE);
                break;
            case "dmfc_rsg":
                double[] intervals = [.. starts.Select((_, i) => (double)(500 + (80 * (i % 4))))];
                // One goes on a bin, another nearly fills its window.
                double[] sets = [.. starts.Select((start, i) => start + 1 + (i == 4 ? 0 : Math.Round(random.NextDouble() * 0.1, 4)))];
                double[] produced = [.. starts.Select((_, i) => i == 3 ? 1499.0 : i == 4 ? 800.0 : Math.Round(600 + (random.NextDouble() * 500), 1))];
                columns.Add(("set_time", sets));
                columns.Add(("go_time", sets.Select((time, i) => time + (produced[i] / 1000)).ToArray()));
                Add("is_eye", i => i / 8 == 0 ? 1.0 : 0);
                Add("theta", i => i / 8 == 0 ? 0.0 : 180);
                Add("is_short", i => 1.0);
                Add("ts", i => intervals[i % 2]);
                Add("tp", i => produced[i]);
                Add("is_outlier", i => i == 6 ? 1.0 : 0);
                break;
            default:
                columns.Add(("move_onset_time", Onsets(0.3)));
                Add("trial_type", i => 1L + (i % 2));
                Add("trial_version", i => (long)(i / 8));
                break;
        }

        builder.Trials(starts, stops, [.. columns]);

        double[] Onsets(double after) => [.. starts.Select((start, i) => i == count - 1 && !isTest ? double.NaN : start + after + Math.Round(random.NextDouble() * 0.05, i % 4 == 0 ? 6 : 3))];

        void Add<T>(string name, Func<int, T> value)
        {
            if (!isTest)
            {
                columns.Add((name, Enumerable.Range(0, count).Select(value).ToArray()));
            }
        }
    }

    /// <summary>Two channels that wander, unknown for a while; their unit is stored with a conversion, which the benchmark does not apply.</summary>
    private static void Behaviour(NwbBuilder builder, Random random, string name, int length, string columns)
    {
        var values = new double[2 * length];
        var (x, y) = (0.0, 0.0);
        for (var i = 0; i < length; i++)
        {
            (x, y) = ((0.99 * x) + random.NextDouble() - 0.5, (0.97 * y) + random.NextDouble() - 0.5);
            (values[2 * i], values[(2 * i) + 1]) = (Math.Round(x * 1024) / 64, Math.Round(y * 1024) / 64);
        }

        // In the trial that is for nothing, 5.8 s on, or at the end.
        for (var i = 0; i < 40; i++)
        {
            values[2 * (length - 60 + i)] = double.NaN;
        }

        var series = builder.Series($"processing/behavior/{name}", values, 2, [.. Enumerable.Range(0, length).Select(i => i / 1000.0)], unit: "m/s", conversion: 0.001, chunk: 4096);
        series.Attributes["comments"] = $"columns={columns}";
    }
}
