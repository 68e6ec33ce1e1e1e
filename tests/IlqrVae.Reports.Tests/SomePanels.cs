using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Tests;

/// <summary>Panels with every kind of mark, of made numbers that anybody can make again.</summary>
internal static class SomePanels
{
    /// <summary>A text that would be a program where a page forgot to escape it.</summary>
    public const string Hostile = "</script><img src=x onerror=\"window.broken=1\"> %{y} <a href=\"https://example.org\">here</a> & \u2028 $x$ {{a}}";

    public static Panel Rates(int seed = 0, int bins = 200, int neurons = 4) => new()
    {
        Kind = "rates",
        Title = "Rates of four neurons",
        Caption = "Inferred rates with two deviations, and the true ones. Neurons that change most.",
        Description = "Four lines that swing between 2 and 30 Hz; the true rates lie within the bands.",
        X = new Axis("time", "s"),
        Y = new Axis("rate", "Hz"),
        Marks =
        [
            new SpanMark("hidden bins", PanelColor.Muted, 1, 1.4),
            .. Enumerable.Range(0, neurons).SelectMany(n => RatesOf(n, seed, bins)),
            new RuleMark("movement", PanelColor.Muted, 0.5, true),
        ],
    };

    public static Panel Raster(int units = 40, int bins = 200) => new()
    {
        Kind = "raster",
        Title = "Spikes of a trial",
        Caption = "A stroke for every bin with spikes.",
        Description = "Forty rows of strokes, denser at the end.",
        X = new Axis("time", "s"),
        Y = new Axis("unit") { Ticks = [.. Enumerable.Range(0, units).Select(unit => (unit + 0.5, $"unit {unit}"))] },
        Aspect = 0.45,
        Marks = [new StrokeMark("spikes", PanelColor.Truth, [.. Spikes(units, bins).Select(spike => spike.Time)], [.. Spikes(units, bins).Select(spike => (double)spike.Unit)])],
    };

    public static Panel Heat(bool diverging = false, int units = 30, int bins = 80, int seed = 0)
    {
        var values = new double[units, bins];
        for (var unit = 0; unit < units; unit++)
        {
            for (var bin = 0; bin < bins; bin++)
            {
                values[unit, bin] = (diverging ? 0 : 12) + (10 * Math.Sin((0.1 * bin) + (0.3 * unit) + seed));
            }
        }

        values[3, 5] = double.NaN;
        return new()
        {
            Kind = "heat",
            Title = diverging ? "Couplings" : "Rates of all units",
            Caption = "Each row is a unit.",
            Description = "Waves from the lower left to the upper right.",
            X = new Axis("time", "s"),
            Y = new Axis("unit"),
            Marks = [new HeatMark(diverging ? "coupling" : "rate", [.. Enumerable.Range(0, bins + 1).Select(bin => 0.02 * bin)], [.. Enumerable.Range(0, units + 1).Select(unit => (double)unit)], values, diverging ? "" : "Hz") { Diverging = diverging }],
        };
    }

    public static Panel Space(int trials = 24, int bins = 100, int seed = 0) => new()
    {
        Kind = "latents",
        Title = "Latent paths",
        Caption = "The first three principal components of the states, by the angle of the reach. A circle is where a trial begins.",
        Description = "Eight bundles of paths that start together and part by angle.",
        X = new Axis("component 1"),
        Y = new Axis("component 2"),
        Z = new Axis("component 3"),
        Aspect = 0.8,
        Marks =
        [
            .. Enumerable.Range(0, trials).Select(trial => Path(trial, bins, seed)),
            new PointMark("start", PanelColor.Truth, [.. Enumerable.Range(0, trials).Select(trial => Path(trial, bins, seed).X[0])], [.. Enumerable.Range(0, trials).Select(trial => Path(trial, bins, seed).Y[0])])
            {
                Z = [.. Enumerable.Range(0, trials).Select(trial => Path(trial, bins, seed).Z![0])],
                Shape = PointShape.Circle,
            },
        ],
    };

    public static Panel Bars() => new()
    {
        Kind = "scores",
        Title = "Bits per spike",
        Caption = "Mean of three seeds, with standard errors.",
        Description = "The model reaches 0.31, smoothing 0.2, and the constant 0.",
        X = new Axis("method") { Ticks = [(0, "model"), (1, "smoothing"), (2, "constant")] },
        Y = new Axis("bits per spike", "bit"),
        Marks =
        [
            new BarMark("model", PanelColor.Found, [0], [0.31], 0.6) { Errors = [0.02] },
            new BarMark("baselines", PanelColor.Compared, [1, 2], [0.2, -0.01], 0.6) { Errors = [0.03, 0.01] },
            new RuleMark("nothing", PanelColor.Muted, 0, false),
        ],
    };

    public static Panel Spectrum() => new()
    {
        Kind = "spectrum",
        Title = "Spectrum",
        Caption = "On logarithmic axes, with a gap.",
        Description = "Falls from 10 at 1 Hz to 0.001 at 100 Hz.",
        X = new Axis("frequency", "Hz") { Logarithmic = true },
        Y = new Axis("power", "Hz\u00B2") { Logarithmic = true },
        Marks =
        [
            new LineMark("input 1", PanelColor.Series(0), [1, 3, 10, 30, 100], [10, 1, 0.1, double.NaN, 0.001]),
            new LineMark("input 2", PanelColor.Series(1), [1, 3, 10, 30, 100], [1, 0.8, 0.3, 0.05, 0.01]),
            new PointMark("peak", PanelColor.Found, [3], [1]) { Shape = PointShape.Diamond, Labels = ["the peak"], Errors = [0.5] },
        ],
    };

    public static Panel Plane() => new()
    {
        Kind = "eigenvalues",
        Title = "Eigenvalues",
        Caption = "Of the dynamics about the fixed point.",
        Description = "All lie inside of the unit circle.",
        X = new Axis("real part"),
        Y = new Axis("imaginary part"),
        EqualUnits = true,
        Aspect = 0.8,
        Marks =
        [
            new LineMark("unit circle", PanelColor.Muted, [.. Enumerable.Range(0, 101).Select(i => Math.Cos(i * Math.PI / 50))], [.. Enumerable.Range(0, 101).Select(i => Math.Sin(i * Math.PI / 50))]) { Dashed = true },
            new PointMark("eigenvalues", PanelColor.Found, [0.9, 0.9, 0.3], [0.2, -0.2, 0]) { Shape = PointShape.Cross },
        ],
    };

    public static IReadOnlyList<Panel> All() => [Rates(), Raster(), Heat(), Heat(diverging: true), Space(), Bars(), Spectrum(), Plane()];

    public static Report Report(string name = "run") => new(
        $"Report of {name}",
        "A model with 20 states and 5 inputs, fitted to 120 trials of 40 units. On 24 test trials it explains 0.31 bits per spike.",
        [
            new("scores", "Scores", "How well what was hidden is predicted.")
            {
                Tables = [new("Scores of the test trials", ["score", "value", "what it is"], [["bits per spike", "0.31 ± 0.02", "of held-out units"], ["R²", "0.87", "of velocity"]], "Means of three seeds.")],
                Panels = [Bars(), Spectrum()],
            },
            new("latents", "Latent paths", "What the model believes behind the spikes.") { Panels = [Space(), Plane(), Heat(diverging: true)] },
            new("trials", "Trials", "One trial at a time.")
            {
                ChoiceOf = "trial",
                Choices = [.. Enumerable.Range(0, 6).Select(trial => new ReportChoice($"{name}, trial {trial}", [Raster(), Rates(trial), Heat(seed: trial)]))],
            },
        ]);

    private static IEnumerable<(double Time, int Unit)> Spikes(int units, int bins)
        => from unit in Enumerable.Range(0, units) from bin in Enumerable.Range(0, bins) where ((bin * bin) + (7 * unit * bin) + (unit * unit)) % 11 < bin * 3.0 / bins select (0.01 * bin, unit);

    private static IEnumerable<Mark> RatesOf(int n, int seed, int bins)
    {
        double[] time = [.. Enumerable.Range(0, bins).Select(bin => 0.01 * bin)];
        double[] rate = [.. time.Select(t => 10 + (3 * n) + (8 * Math.Sin((4 * t) + n + seed)))];
        return
        [
            new BandMark($"neuron {n}", PanelColor.Series(n), time, [.. rate.Select(value => value - 2)], [.. rate.Select(value => value + 2)]),
            new LineMark($"neuron {n}", PanelColor.Series(n), time, rate) { Width = 1.2 },
            new LineMark("true", PanelColor.Truth, time, [.. rate.Select((value, bin) => value + Math.Sin(0.3 * bin))]) { Dashed = true, Width = 0.6 },
        ];
    }

    private static LineMark Path(int trial, int bins, int seed)
    {
        var angle = trial % 8 / 8.0;
        double[] time = [.. Enumerable.Range(0, bins).Select(bin => (double)bin / bins)];
        return new LineMark($"{360 * angle}°", PanelColor.Circle(angle), [.. time.Select(t => t * Math.Cos(2 * Math.PI * angle) + (0.02 * trial / 8))], [.. time.Select(t => (t * Math.Sin(2 * Math.PI * angle)) + (0.1 * Math.Sin((6 * t) + seed)))])
        {
            Z = [.. time.Select(t => 0.5 * Math.Sin(3 * t) * (1 + (0.1 * (trial / 8))))],
        };
    }
}
