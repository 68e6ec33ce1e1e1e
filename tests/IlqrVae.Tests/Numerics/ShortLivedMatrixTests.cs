using System.Diagnostics;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Numerics;
using IlqrVae.Tests.Inference;

namespace IlqrVae.Tests.Numerics;

/// <summary>The garbage collections that it provokes are nothing for the tests beside it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ByItself
{
    public const string Name = "by itself";
}

/// <summary>
/// Work on matrices that nothing refers to once their addresses are taken, while another thread collects what nothing refers to and fills the memory again:
/// the results are those without.
/// </summary>
[Collection(ByItself.Name)]
public sealed class ShortLivedMatrixTests
{
    private const int Size = 304;
    private const int Columns = 64;
    private const int Passes = 8;
    private const int WarmUps = 300;
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(0.35);

    private static readonly RandomModel<double>[] Models =
    [
        RandomModels.Create<double>(new Recipe { Seed = 1, Bins = 40, Dynamics = DynamicsChoice.MiniGru, Prior = PriorChoice.Student, Readout = ReadoutChoice.SpikesAndValues }),
        RandomModels.Create<double>(new Recipe { Seed = 2, Bins = 30, Dynamics = DynamicsChoice.ResidualMlp, Prior = "laplace+autoregressive", External = 2, MissingShare = 0.1 }),
    ];

    public static TheoryData<string> Names { get; } = [nameof(Solution), nameof(Product), nameof(Elimination), nameof(Rows), nameof(Elements), nameof(Estimates)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Work_on_a_matrix_keeps_it(string name)
    {
        Func<double> work = name switch
        {
            nameof(Solution) => Solution,
            nameof(Product) => Product,
            nameof(Elimination) => Elimination,
            nameof(Rows) => Rows,
            nameof(Elements) => Elements,
            _ => Estimates,
        };
        var expected = work();
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < WarmUps && clock.Elapsed < LongestWarmUp; i++)
        {
            Assert.Equal(expected, work());
        }

        var isOver = false;
        var collector = new Thread(Collect);
        collector.Start();
        try
        {
            for (clock.Restart(); clock.Elapsed < Duration;)
            {
                Assert.Equal(expected, work());
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            collector.Join();
        }

        void Collect()
        {
            var held = new Matrix<double>[8];
            for (var i = 0; !Volatile.Read(ref isOver); i++)
            {
                if (i % (held.Length / 2) == 0)
                {
                    GC.Collect();
                }

                held[i % held.Length] = Filled(1e6);
            }
        }
    }

    private static double Solution()
    {
        var gram = Definite();
        var solution = Matrix<double>.Allocate(Size, Columns);
        Cholesky.NegativeSolve(gram.RowRange(0, Size), gram.RowRange(0, Size).ColumnRange(Size, Columns), solution);
        return solution.ToArray().Sum();
    }

    private static double Product()
    {
        var product = Matrix<double>.Allocate(Size, Size);
        Gemm.Multiply(Definite().ColumnRange(0, Size), Filled(0.5).ColumnRange(0, Size), product);
        return product.ToArray().Sum();
    }

    private static double Elimination() => Cholesky.EliminatePanel(Definite().RowRange(0, Size / 2)) ? 1 : 0;

    private static double Rows()
    {
        var sum = 0.0;
        var matrix = Filled(0.5);
        for (var i = 0; i < Passes * Size; i++)
        {
            foreach (var x in matrix.Row(i % Size))
            {
                sum += x;
            }
        }

        return sum;
    }

    private static double Elements()
    {
        var sum = 0.0;
        var matrix = Filled(0.5);
        for (var i = 0; i < Passes * Size; i++)
        {
            for (var j = 0; j < Size; j++)
            {
                sum += matrix[i % Size, j];
            }
        }

        return sum;
    }

    private static double Estimates()
    {
        var sum = 0.0;
        foreach (var (_, model, trial, capacity) in Models)
        {
            var draws = new PosteriorDraws<double>(1, capacity, model.Generative.StateCount, model.Generative.InputCount);
            draws.SetBins(trial.Bins);
            draws.Fill(1, 2, 3);
            var map = new MapSolver<double>(model.Generative, capacity).Solve(trial, null, new SolverOptions());
            sum += new ElboEstimator<double>(model, capacity).Evaluate(map, draws, new ElboOptions(), new TrialGradient<double>(model, 1)).Elbo;
        }

        return sum;
    }

    private static Matrix<double> Definite()
    {
        var matrix = Filled(1e-3);
        for (var i = 0; i < Size; i++)
        {
            matrix[i, i] = 2;
        }

        return matrix;
    }

    private static Matrix<double> Filled(double value)
    {
        var matrix = Matrix<double>.Allocate(Size, Size + Columns);
        for (var i = 0; i < Size; i++)
        {
            matrix.Row(i).Fill(value);
        }

        return matrix;
    }
}
