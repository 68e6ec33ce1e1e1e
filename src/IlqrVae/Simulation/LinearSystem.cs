using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Simulation;

/// <summary>A linear system z_{t+1} = A z_t + B u_t with n states and m inputs.</summary>
public sealed class LinearSystem
{
    private readonly double[] _transition;
    private readonly double[] _input;

    /// <summary>Makes a system of given matrices, which are copied.</summary>
    /// <param name="states">Number of states n, at least 1.</param>
    /// <param name="inputs">Number of inputs m; 0 for an autonomous system.</param>
    /// <param name="transition">A, n x n, row-major.</param>
    /// <param name="input">B, n x m, row-major.</param>
    /// <exception cref="ArgumentException">A matrix is not of the declared size.</exception>
    public LinearSystem(int states, int inputs, ReadOnlySpan<double> transition, ReadOnlySpan<double> input)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(states, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(inputs);
        if (transition.Length != states * states || input.Length != states * inputs)
        {
            throw new ArgumentException(
                $"The matrices of a system of {states} states and {inputs} inputs must be n x n and n x m.", nameof(transition));
        }

        States = states;
        Inputs = inputs;
        _transition = transition.ToArray();
        _input = input.ToArray();
    }

    /// <summary>Number of states n.</summary>
    public int States { get; }

    /// <summary>Number of inputs m.</summary>
    public int Inputs { get; }

    /// <summary>A, n x n, row-major.</summary>
    public ReadOnlySpan<double> Transition => _transition;

    /// <summary>B, n x m, row-major.</summary>
    public ReadOnlySpan<double> Input => _input;

    /// <summary>
    /// A random stable system. A is normal, with <paramref name="rotations"/> complex pairs of eigenvalues of uniform angles in
    /// [pi/40, pi/5] and real eigenvalues for the rest, in a random orthogonal basis; the first has modulus
    /// <paramref name="spectralRadius"/>, the others 0.8 to 1 times that. The columns of B are random and of unit length, orthogonal while
    /// m is at most n.
    /// </summary>
    /// <param name="states">Number of states n, at least 1.</param>
    /// <param name="inputs">Number of inputs m.</param>
    /// <param name="spectralRadius">Largest modulus of an eigenvalue, above 0 and at most 1.</param>
    /// <param name="rotations">Number of complex pairs, at most n/2.</param>
    /// <param name="random">Source of the matrices.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size or the spectral radius is out of range.</exception>
    public static LinearSystem Random(int states, int inputs, double spectralRadius, int rotations, ref CounterRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(states, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(inputs);
        ArgumentOutOfRangeException.ThrowIfNegative(rotations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rotations, states / 2);
        if (!(spectralRadius > 0 && spectralRadius <= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(spectralRadius), spectralRadius, "The spectral radius must be above 0 and at most 1.");
        }

        // A = sum over blocks of Q_block core Q_block', block by block: a rotation of two columns of the basis, or a decay of one.
        var basis = Orthogonal(states, states, ref random);
        var transition = new double[states * states];
        for (var block = 0; block < states - rotations; block++)
        {
            var radius = block == 0 ? spectralRadius : spectralRadius * (0.8 + (0.2 * random.NextDouble()));
            if (block < rotations)
            {
                var angle = Math.PI * ((1.0 / 40) + (((1.0 / 5) - (1.0 / 40)) * random.NextDouble()));
                AddBlock(2 * block, 2 * block, radius * Math.Cos(angle));
                AddBlock((2 * block) + 1, (2 * block) + 1, radius * Math.Cos(angle));
                AddBlock((2 * block) + 1, 2 * block, radius * Math.Sin(angle));
                AddBlock(2 * block, (2 * block) + 1, -radius * Math.Sin(angle));
            }
            else
            {
                AddBlock(block + rotations, block + rotations, radius);
            }
        }

        var input = inputs <= states ? Orthogonal(states, inputs, ref random) : UnitColumns(states, inputs, ref random);
        return new LinearSystem(states, inputs, transition, input);

        void AddBlock(int row, int column, double weight)
        {
            for (var i = 0; i < states; i++)
            {
                for (var j = 0; j < states; j++)
                {
                    transition[(i * states) + j] += weight * basis[(i * states) + row] * basis[(j * states) + column];
                }
            }
        }
    }

    /// <summary>Rolls the system out.</summary>
    /// <param name="start">The state z_0 in bin 0, of length n.</param>
    /// <param name="inputs">T x m; row t drives the step from bin t to t + 1, so the last row has no effect.</param>
    /// <returns>T x n states.</returns>
    /// <exception cref="ArgumentException">A length does not fit the system.</exception>
    public Table Simulate(ReadOnlySpan<double> start, Table inputs)
    {
        if (start.Length != States || inputs.Columns != Inputs)
        {
            throw new ArgumentException(
                $"The system has {States} states and {Inputs} inputs, not {start.Length} and {inputs.Columns}.", nameof(inputs));
        }

        var states = new Table(inputs.Bins, States);
        start.CopyTo(states.Row(0));
        for (var t = 1; t < inputs.Bins; t++)
        {
            var previous = states.Row(t - 1);
            var input = inputs.Row(t - 1);
            var next = states.Row(t);
            for (var i = 0; i < States; i++)
            {
                var sum = 0.0;
                for (var j = 0; j < States; j++)
                {
                    sum += _transition[(i * States) + j] * previous[j];
                }

                for (var j = 0; j < Inputs; j++)
                {
                    sum += _input[(i * Inputs) + j] * input[j];
                }

                next[i] = sum;
            }
        }

        return states;
    }

    // Modified Gram-Schmidt, twice, on random columns. Returned row-major, rows x columns.
    private static double[] Orthogonal(int rows, int columns, ref CounterRandom random)
    {
        var result = UnitColumns(rows, columns, ref random);
        for (var pass = 0; pass < 2; pass++)
        {
            for (var j = 0; j < columns; j++)
            {
                for (var k = 0; k < j; k++)
                {
                    var overlap = 0.0;
                    for (var i = 0; i < rows; i++)
                    {
                        overlap += result[(i * columns) + j] * result[(i * columns) + k];
                    }

                    for (var i = 0; i < rows; i++)
                    {
                        result[(i * columns) + j] -= overlap * result[(i * columns) + k];
                    }
                }

                Normalize(result, rows, columns, j);
            }
        }

        return result;
    }

    private static double[] UnitColumns(int rows, int columns, ref CounterRandom random)
    {
        var result = new double[rows * columns];
        random.FillNormal(result);
        for (var j = 0; j < columns; j++)
        {
            Normalize(result, rows, columns, j);
        }

        return result;
    }

    private static void Normalize(double[] matrix, int rows, int columns, int column)
    {
        var square = 0.0;
        for (var i = 0; i < rows; i++)
        {
            square += matrix[(i * columns) + column] * matrix[(i * columns) + column];
        }

        var scale = 1 / Math.Sqrt(square);
        for (var i = 0; i < rows; i++)
        {
            matrix[(i * columns) + column] *= scale;
        }
    }
}
