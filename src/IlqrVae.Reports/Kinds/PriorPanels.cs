using System.Globalization;
using IlqrVae.Models;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Reports.Kinds;

/// <summary>The learned prior of the inputs beside what was inferred of them.</summary>
public sealed class PriorPanels : RunPanelKind
{
    private const int Shown = 6;
    private const double Reach = 4;
    private const int Bars = 41;
    private const int Samples = 200_000;

    /// <inheritdoc/>
    public override string Name => "prior";

    /// <inheritdoc/>
    public override string Help => "density of the learned prior of inputs beside the distribution of inferred inputs";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        var learned = source.Inference.Learned;
        if (learned.InputScale.Length == 0)
        {
            return PanelResult.None("The model has no inputs, and no prior of them: its dynamics is autonomous.");
        }

        var innovations = Enumerable.Range(0, source.Trials.Count).Select(i => Innovations(source, i)).Where(table => table.Bins > 0 && Array.TrueForAll(table.Values, double.IsFinite)).ToList();
        if (innovations.Count == 0)
        {
            return PanelResult.None("No trial has two bins with finite inputs, so there is nothing to compare the prior with.");
        }

        if (Density(source) is not { } density)
        {
            return PanelResult.None($"The density of the prior '{learned.PriorKind}' is drawn by the model itself, and only what was inferred is at hand.");
        }

        var all = Evaluation.LinearAlignment.Stack(innovations);
        return PanelResult.Of([.. InputPanels.MostVarying(all).Take(Shown).Select(j => One(source, learned, Lines.Column(all, j), j, density))]);
    }

    /// <summary>What is independent over bins in units of the prior's scales: the inputs, or of autoregressive ones what comes new in each step.</summary>
    private static Table Innovations(ReportSource source, int trial)
    {
        var (inputs, learned) = (source.Inference.Estimates[trial].Inputs, source.Inference.Learned);
        var first = learned.Coefficients.Count > 0 ? 1 : 0;
        var table = new Table(Math.Max(0, inputs.Bins - 1 - first), inputs.Columns);
        for (var t = 0; t < table.Bins; t++)
        {
            for (var j = 0; j < table.Columns; j++)
            {
                var before = first == 1 ? learned.Coefficients[j] * inputs[t, j] : 0;
                table[t, j] = (inputs[t + first, j] - before) / learned.InputScale[j];
            }
        }

        return table;
    }

    /// <summary>The density of one scaled input; null where it cannot be known.</summary>
    internal static Func<double, double>? Density(ReportSource source)
    {
        var learned = source.Inference.Learned;
        switch (learned.PriorKind)
        {
            case "gaussian":
                return x => Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);
            case "student" when learned.PriorShape.Count > 0:
                // Of a multivariate Student distribution each coordinate has the same degrees of freedom.
                var nu = learned.PriorShape[0].Value;
                var constant = SpecialFunctions.LogGamma((nu + 1) / 2) - SpecialFunctions.LogGamma(nu / 2) - (0.5 * Math.Log(Math.PI * nu));
                return x => Math.Exp(constant - (0.5 * (nu + 1) * Math.Log(1 + (x * x / nu))));
            default:
                return source.Model is { } model ? Sampled(model) : null;
        }
    }

    /// <summary>By samples, so that it is right for priors of any kind.</summary>
    private static Func<double, double> Sampled(GenerativeModel<double> model)
    {
        var (prior, random) = (model.InputPrior, new CounterRandom(0, RandomStreams.PriorDensity));
        var u = Matrix<double>.Allocate(Samples / Math.Max(1, prior.Dimension), prior.Dimension);
        prior.Sample(ref random, u);
        var counts = new double[Bars];
        for (var t = 0; t < u.Rows; t++)
        {
            for (var j = 0; j < u.Columns; j++)
            {
                if (BarOf(u[t, j] / prior.Scale.ExactValue[j]) is >= 0 and < Bars and var bar)
                {
                    counts[bar] += 1.0 / (u.Rows * u.Columns * Width);
                }
            }
        }

        return x => BarOf(x) is >= 0 and < Bars and var bar ? counts[bar] : 0;
    }

    private static double Width => 2 * Reach / Bars;

    private static int BarOf(double x) => (int)Math.Floor(Math.Clamp((x + Reach) / Width, -1, Bars));

    private static Panel One(ReportSource source, LearnedModel learned, double[] values, int j, Func<double, double> density)
    {
        var heights = new double[Bars];
        foreach (var bar in values.Select(BarOf).Where(bar => bar is >= 0 and < Bars))
        {
            heights[bar] += 1 / (values.Length * Width);
        }

        double[] x = [.. Enumerable.Range(0, Bars).Select(k => -Reach + ((k + 0.5) * Width))];
        var name = string.Create(CultureInfo.InvariantCulture, $"input {j}");
        var beyond = values.Count(value => Math.Abs(value) > Reach);
        var shape = string.Concat(learned.PriorShape.Select(number => $" Learned besides: {number.Name} {Words.Of(number.Value)} ({number.Remark})."));
        var isCarried = learned.Coefficients.Count > 0;
        return new Panel
        {
            Kind = "prior",
            Title = name,
            Caption = $"The learned prior ('{learned.PriorKind}', line) and the inferred {(isCarried ? "innovations of the inputs, what comes new in each step," : "inputs")} of all trials (bars), in units of the prior's scale, which is a standard deviation for a Gaussian prior only.{shape} Inferred inputs are the most likely ones: where the data say little they stay near zero, so that bars may be narrower than the line without anything being wrong; bars that are wider say that the prior does not fit.{(learned.InputScale.Length > Shown ? $" {Shown} of {learned.InputScale.Length} inputs are shown, those of most energy." : "")}",
            Description = $"{name}: scale {Words.Of(learned.InputScale[j])}{(isCarried ? $", coefficient of autoregression {Words.Of(learned.Coefficients[j])}" : "")}; inferred {(isCarried ? "innovations" : "inputs")} have the root of their mean square at {Words.Of(Math.Sqrt(values.Average(value => value * value)))} scales, {Words.Percent((double)beyond / values.Length)} are beyond {Reach} scales.",
            X = new Axis(isCarried ? $"innovation of {name}" : name, "scales of its prior") { Limits = (-Reach, Reach) },
            Y = new Axis("density", "per scale"),
            Marks = [new BarMark("inferred", PanelColor.Truth, x, heights, Width), new LineMark("learned prior", PanelColor.Found, x, [.. x.Select(density)]) { Width = 2 }],
            Multiples = "prior",
        };
    }
}
