using System.Numerics;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Tests.Models;

/// <summary>Every dynamics of the library at random sizes and parameters. The same seed gives the same numbers in either precision.</summary>
internal static class DynamicsCases
{
    public static readonly string[] Names =
    [
        "linear-free", "linear-stable", "gated-outside", "gated-candidate", "gated-both", "rnn", "residual-mlp", "custom", "custom-functions",
        "autoregressive-linear", "autoregressive-gated", "autoregressive-custom",
    ];

    public static Dynamics<T> Make<T>(string name, int n, int m, int k, int seed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var draw = new Draws<T>(seed);
        switch (name)
        {
            case "linear-free":
                return new LinearDynamics<T>(draw.Weights("A", n, n), draw.Weights("B", n, m), draw.External("E", n, k));
            case "linear-stable":
                return new LinearDynamics<T>(draw.Stable("A", n), draw.UnitColumns("B", n, m), draw.External("E", n, k));
            case "gated-outside":
            case "gated-candidate":
            case "gated-both":
                var both = name is "gated-both";
                var parameters = new GatedUnitParameters<T>(
                    draw.Weights("Uf", n, n), draw.Vector("bf", n), draw.Weights("Uh", n, n), draw.Vector("bh", n),
                    draw.UnitColumns("W", n, m), draw.External("E", n, k),
                    both ? draw.Weights("Wf", n, m) : null, both ? draw.External("Ef", n, k) : null);
                var placement = both ? InputPlacement.GateAndCandidate : name is "gated-outside" ? InputPlacement.Outside : InputPlacement.Candidate;
                return new GatedUnit<T>(placement, parameters);
            case "rnn":
                return new RecurrentNetwork<T>(draw.Weights("A", n, n), draw.Vector("b", n), draw.Weights("B", n, m), draw.External("E", n, k));
            case "residual-mlp":
                var h = 1 + draw.Random.Next(20);
                return new ResidualMlp<T>(new ResidualMlpParameters<T>(
                    draw.Weights("A0", n, n), draw.Weights("A1", h, n), draw.Vector("b1", h), draw.Weights("A2", n, h), draw.Vector("b2", n),
                    draw.Weights("B", n, m), draw.External("E", n, k)));
            case "custom":
                return CustomDynamics.Create<T>(MiniGru(n, m, k, seed));
            case "custom-functions":
                return new CustomDynamics<T, EveryFunction>(new EveryFunction(n, m, k, seed));
            case "autoregressive-linear":
                return new AutoregressiveInputs<T>(Make<T>("linear-free", n, m, k, seed), draw.WithinOne("a", m));
            case "autoregressive-gated":
                return new AutoregressiveInputs<T>(Make<T>("gated-both", n, m, k, seed), draw.WithinOne("a", m));
            case "autoregressive-custom":
                return new AutoregressiveInputs<T>(Make<T>("custom-functions", n, m, k, seed), draw.WithinOne("a", m));
            default:
                throw new ArgumentOutOfRangeException(nameof(name), name, "Unknown case.");
        }
    }

    /// <summary>The definition whose parameters equal those of "gated-outside" at the same seed, but for the constraint.</summary>
    public static MiniGruDefinition MiniGru(int n, int m, int k, int seed)
    {
        var draw = new Draws<double>(seed);
        var uf = Declare(draw.Weights("Uf", n, n));
        var bf = Declare(draw.Vector("bf", n));
        var uh = Declare(draw.Weights("Uh", n, n));
        var bh = Declare(draw.Vector("bh", n));
        var w = Declare(draw.UnitColumns("W", n, m));
        var e = draw.External("E", n, k);
        return new MiniGruDefinition(n, m, k, uf, bf, uh, bh, w, e is null ? null : Declare(e));
    }

    private static ParameterDeclaration Declare(Parameter<double> parameter)
        => ParameterDeclaration.Matrix(parameter.Name, parameter.Rows, parameter.Columns, parameter.ExactValue, parameter.Constraint);

    private sealed class Draws<T>(int seed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public Random Random { get; } = new(seed);

        public Parameter<T> Weights(string name, int rows, int columns)
            => new(name, rows, columns, Constraint.Free, Normal(rows * columns, 1 / Math.Sqrt(columns)));

        public Parameter<T> Vector(string name, int length) => new(name, 1, length, Constraint.Free, Normal(length, 0.5));

        public Parameter<T>? External(string name, int rows, int columns) => columns == 0 ? null : Weights(name, rows, columns);

        public Parameter<T> UnitColumns(string name, int rows, int columns)
            => Parameter<T>.Nearest(name, rows, columns, Constraint.UnitColumns, [.. Normal(rows * columns, 1).Select(x => x + Math.CopySign(0.5, x))]);

        public Parameter<T> WithinOne(string name, int length)
            => new(name, 1, length, Constraint.WithinOne, [.. Normal(length, 0.7).Select(Math.Tanh)]);

        public Parameter<T> Stable(string name, int n)
        {
            var raw = Normal(Constraint.Stable.RawCount(n, n), 0.7);
            var start = new double[n * n];
            for (var i = 0; i < n; i++)
            {
                start[(i * n) + i] = 0.5;
            }

            var parameter = new Parameter<T>(name, n, n, Constraint.Stable, start);
            raw.CopyTo(parameter.Raw, 0);
            parameter.Refresh();
            return parameter;
        }

        private double[] Normal(int count, double deviation)
        {
            var numbers = new double[count];
            for (var i = 0; i < count; i++)
            {
                numbers[i] = deviation * Math.Sqrt(-2 * Math.Log(1 - Random.NextDouble())) * Math.Cos(2 * Math.PI * Random.NextDouble());
            }

            return numbers;
        }
    }
}
