namespace IlqrVae.Models.Parameters;

/// <summary>
/// A smooth map from free ("raw") numbers, which the optimiser moves, to a constrained matrix, which the model uses. Matrices are row-major.
/// Stateless.
/// </summary>
public abstract class Constraint
{
    /// <summary>How far a value may be from what meets a constraint of equality: the rounding of single precision, of sums of many terms.</summary>
    private const double Tolerance = 1e-6;

    /// <summary>No constraint: raw and value are the same numbers.</summary>
    public static Constraint Free { get; } = new FreeConstraint();

    /// <summary>Positive numbers, exp(raw).</summary>
    public static Constraint Positive { get; } = new PositiveConstraint();

    /// <summary>
    /// Numbers above 2.000001, Student's degrees of freedom: 2 + (x^4 + m^4)^(1/4) with x = exp(raw) and m = 1e-6, which is 2 + exp(raw) to the last bit
    /// from 2.01 on and stays above 2 in both precisions without a corner that learning could get stuck in.
    /// </summary>
    public static Constraint AboveTwo { get; } = new AboveTwoConstraint();

    /// <summary>
    /// Numbers between -1 and 1, c tanh(raw) with c = 1 - 1e-6, so that neither precision rounds them to 1: coefficients of stationary autoregressions.
    /// </summary>
    public static Constraint WithinOne { get; } = new WithinOneConstraint();

    /// <summary>
    /// Columns of unit norm, raw / |raw|: fixes the gauge between an input matrix and the scale of its inputs. A norm within 1e-6 of 1 is accepted.
    /// </summary>
    public static Constraint UnitColumns { get; } = new UnitColumnsConstraint();

    /// <summary>
    /// Rotations, the Cayley transform (I - S)(I + S)^-1 of a skew-symmetric S given by its n (n - 1) / 2 lower entries. Entries within 1e-6 of those
    /// of a rotation without the eigenvalue -1 are accepted.
    /// </summary>
    public static Constraint Orthogonal { get; } = new OrthogonalConstraint();

    /// <summary>
    /// Matrices with spectral radius below 1: D^1/2 Q (D + I)^-1/2 with Q a rotation and D positive (paper, Appendix C). Raw holds log D (n), then
    /// the lower entries of S as for <see cref="Orthogonal"/>. Learning reaches all of them; set to a value they are scaled rotations, entries within 1e-6
    /// of the scale, with every row shorter than 1.
    /// </summary>
    public static Constraint Stable { get; } = new StableConstraint();

    /// <summary>
    /// Lower-triangular matrices with a positive diagonal and zeros above it; raw is square and holds the logarithm of the diagonal, its upper part is
    /// unused.
    /// </summary>
    public static Constraint CholeskyFactor { get; } = new CholeskyFactorConstraint();

    /// <summary>Row i is scale i times raw numbers: a read-out in the units of its channels over dimensionless raw numbers.</summary>
    /// <param name="rowScales">A positive scale for each row.</param>
    /// <exception cref="ArgumentException">A scale is not positive and finite.</exception>
    public static Constraint RowScaled(ReadOnlySpan<double> rowScales) => new AffineConstraint(NotEmpty(rowScales), [], []);

    /// <summary>Column j is scale j times raw numbers: inputs in units of their own over dimensionless raw numbers.</summary>
    /// <param name="columnScales">A positive scale for each column.</param>
    /// <exception cref="ArgumentException">A scale is not positive and finite.</exception>
    public static Constraint ColumnScaled(ReadOnlySpan<double> columnScales) => new AffineConstraint([], NotEmpty(columnScales), []);

    /// <summary>offset j + scale j times raw number j, in a matrix of N columns (a vector is one row).</summary>
    /// <param name="offsets">N offsets.</param>
    /// <param name="scales">N positive scales.</param>
    /// <exception cref="ArgumentException">The lengths differ, a scale is not positive and finite, or an offset is not finite.</exception>
    public static Constraint Shifted(ReadOnlySpan<double> offsets, ReadOnlySpan<double> scales) => new AffineConstraint([], NotEmpty(scales), NotEmpty(offsets));

    /// <summary>What the constraint is called in files.</summary>
    public abstract string Name { get; }

    /// <summary>True for square lower-triangular values of which a row depends on the same row of raw numbers alone: threads can share their rows.</summary>
    internal virtual bool IsTriangular => false;

    /// <summary>Number of raw numbers behind a matrix.</summary>
    /// <param name="rows">Rows of the value.</param>
    /// <param name="columns">Columns of the value.</param>
    /// <exception cref="ArgumentException">No matrix of this shape meets the constraint.</exception>
    public virtual int RawCount(int rows, int columns) => rows * columns;

    /// <summary>The value at raw numbers.</summary>
    /// <param name="raw">Raw numbers.</param>
    /// <param name="rows">Rows of the value.</param>
    /// <param name="columns">Columns of the value.</param>
    /// <param name="value">The result.</param>
    public abstract void Apply(ReadOnlySpan<double> raw, int rows, int columns, Span<double> value);

    /// <summary>Turns a gradient with respect to the value into one with respect to the raw numbers.</summary>
    /// <param name="raw">Raw numbers.</param>
    /// <param name="value">The value there.</param>
    /// <param name="gradient">Gradient with respect to the value.</param>
    /// <param name="rows">Rows of the value.</param>
    /// <param name="columns">Columns of the value.</param>
    /// <param name="rawGradient">The result.</param>
    public abstract void PullBack(
        ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int rows, int columns, Span<double> rawGradient);

    /// <summary>Raw numbers behind a value that meets the constraint. Nothing is mended: a value that does not meet it is refused.</summary>
    /// <param name="value">The value, finite.</param>
    /// <param name="rows">Rows of the value.</param>
    /// <param name="columns">Columns of the value.</param>
    /// <param name="raw">The result; unspecified where the value is refused.</param>
    /// <exception cref="ArgumentException">The value has another shape, is not finite or does not meet the constraint.</exception>
    public void Invert(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw) => Find(value, rows, columns, raw, nearest: false);

    /// <summary>
    /// Raw numbers behind the nearest value that meets the constraint, for starts drawn at random: unit columns are shortened or stretched. Constraints
    /// without a nearest value, and columns without direction, refuse as <see cref="Invert"/> does.
    /// </summary>
    /// <param name="value">The value, finite.</param>
    /// <param name="rows">Rows of the value.</param>
    /// <param name="columns">Columns of the value.</param>
    /// <param name="raw">The result; unspecified where the value is refused.</param>
    /// <exception cref="ArgumentException">The value has another shape, is not finite or nothing near it meets the constraint.</exception>
    public void Project(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw) => Find(value, rows, columns, raw, nearest: true);

    /// <summary>Raw numbers behind a finite value of the right shape.</summary>
    /// <param name="value">The value.</param>
    /// <param name="rows">Rows of the value.</param>
    /// <param name="columns">Columns of the value.</param>
    /// <param name="raw">The result.</param>
    /// <exception cref="ArgumentException">The value does not meet the constraint.</exception>
    protected abstract void FindRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw);

    /// <summary>Raw numbers behind the nearest value that meets the constraint, of a finite value of the right shape; where none is nearest, as <see cref="FindRaw"/>.</summary>
    /// <param name="value">The value.</param>
    /// <param name="rows">Rows of the value.</param>
    /// <param name="columns">Columns of the value.</param>
    /// <param name="raw">The result.</param>
    /// <exception cref="ArgumentException">Nothing near it meets the constraint.</exception>
    protected virtual void FindNearestRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw) => FindRaw(value, rows, columns, raw);

    /// <summary><see cref="Apply"/> for one row of a triangular value.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="raw">Its raw numbers up to the diagonal.</param>
    /// <param name="value">The result, up to the diagonal.</param>
    internal virtual void ApplyRow(int row, ReadOnlySpan<double> raw, Span<double> value) => throw new NotSupportedException(Name);

    /// <summary><see cref="PullBack"/> for one row of a triangular value.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="value">The value up to the diagonal.</param>
    /// <param name="gradient">Gradient with respect to the value, up to the diagonal; becomes that with respect to the raw numbers.</param>
    internal virtual void PullBackRow(int row, ReadOnlySpan<double> value, Span<double> gradient) => throw new NotSupportedException(Name);

    private sealed class FreeConstraint : Constraint
    {
        public override string Name => "free";

        public override void Apply(ReadOnlySpan<double> raw, int rows, int columns, Span<double> value) => raw.CopyTo(value);

        public override void PullBack(
            ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int rows, int columns, Span<double> rawGradient)
            => gradient.CopyTo(rawGradient);

        protected override void FindRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw) => value.CopyTo(raw);
    }

    private sealed class PositiveConstraint : Constraint
    {
        public override string Name => "positive";

        public override void Apply(ReadOnlySpan<double> raw, int rows, int columns, Span<double> value)
        {
            for (var i = 0; i < raw.Length; i++)
            {
                value[i] = Math.Exp(raw[i]);
            }
        }

        public override void PullBack(
            ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int rows, int columns, Span<double> rawGradient)
        {
            for (var i = 0; i < raw.Length; i++)
            {
                rawGradient[i] = gradient[i] * value[i];
            }
        }

        protected override void FindRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw)
        {
            for (var i = 0; i < raw.Length; i++)
            {
                if (!(value[i] > 0))
                {
                    throw Refusal($"The value {value[i]}");
                }

                raw[i] = Math.Log(value[i]);
            }
        }
    }

    private sealed class AboveTwoConstraint : Constraint
    {
        /// <summary>The smallest excess over 2; single precision tells 2 + 1e-6 from 2.</summary>
        private const double Margin = 1e-6;

        public override string Name => "above-two";

        public override void Apply(ReadOnlySpan<double> raw, int rows, int columns, Span<double> value)
        {
            for (var i = 0; i < raw.Length; i++)
            {
                value[i] = 2 + Excess(Math.Exp(raw[i]));
            }
        }

        public override void PullBack(
            ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int rows, int columns, Span<double> rawGradient)
        {
            for (var i = 0; i < raw.Length; i++)
            {
                var x = Math.Exp(raw[i]);
                var ratio = x / Excess(x);
                rawGradient[i] = gradient[i] * (x * (ratio * ratio * ratio));
            }
        }

        protected override void FindRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw)
        {
            for (var i = 0; i < raw.Length; i++)
            {
                var excess = value[i] - 2;
                if (!(excess > Margin))
                {
                    throw Refusal($"The value {value[i]}");
                }

                raw[i] = Math.Log(excess * FourthRoot(1 - FourthPower(Margin / excess)));
            }
        }

        /// <summary>(x^4 + m^4)^(1/4); x itself, to the last bit, where it is far above m.</summary>
        private static double Excess(double x)
            => x > Margin ? x * FourthRoot(1 + FourthPower(Margin / x)) : Margin * FourthRoot(1 + FourthPower(x / Margin));

        private static double FourthPower(double x) => x * x * (x * x);

        private static double FourthRoot(double x) => Math.Sqrt(Math.Sqrt(x));
    }

    private sealed class WithinOneConstraint : Constraint
    {
        private const double Bound = 1 - 1e-6;

        public override string Name => "within-one";

        public override void Apply(ReadOnlySpan<double> raw, int rows, int columns, Span<double> value)
        {
            for (var i = 0; i < raw.Length; i++)
            {
                value[i] = Bound * Math.Tanh(raw[i]);
            }
        }

        public override void PullBack(
            ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int rows, int columns, Span<double> rawGradient)
        {
            for (var i = 0; i < raw.Length; i++)
            {
                // 1 - tanh^2 would lose its digits near the bounds.
                var cosh = Math.Cosh(raw[i]);
                rawGradient[i] = gradient[i] * (Bound / cosh / cosh);
            }
        }

        protected override void FindRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw)
        {
            for (var i = 0; i < raw.Length; i++)
            {
                if (!(Math.Abs(value[i]) < Bound))
                {
                    throw Refusal($"The value {value[i]}");
                }

                raw[i] = Math.Atanh(value[i] / Bound);
            }
        }
    }

    private sealed class UnitColumnsConstraint : Constraint
    {
        /// <summary>Shorter columns have no direction.</summary>
        private const double SmallestNorm = 1e-150;

        public override string Name => "unit-columns";

        public override void Apply(ReadOnlySpan<double> raw, int rows, int columns, Span<double> value)
        {
            for (var j = 0; j < columns; j++)
            {
                var norm = Norm(raw, rows, columns, j);
                for (var i = 0; i < rows; i++)
                {
                    value[(i * columns) + j] = raw[(i * columns) + j] / norm;
                }
            }
        }

        public override void PullBack(
            ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int rows, int columns, Span<double> rawGradient)
        {
            for (var j = 0; j < columns; j++)
            {
                var norm = Norm(raw, rows, columns, j);
                var along = 0.0;
                for (var i = 0; i < rows; i++)
                {
                    along += gradient[(i * columns) + j] * value[(i * columns) + j];
                }

                for (var i = 0; i < rows; i++)
                {
                    var at = (i * columns) + j;
                    rawGradient[at] = (gradient[at] - (along * value[at])) / norm;
                }
            }
        }

        protected override void FindRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw)
        {
            for (var j = 0; j < columns; j++)
            {
                var norm = Norm(value, rows, columns, j);
                if (!(Math.Abs(norm - 1) <= Tolerance))
                {
                    throw Refusal($"Column {j} of norm {norm}");
                }
            }

            value.CopyTo(raw);
        }

        protected override void FindNearestRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw)
        {
            for (var j = 0; j < columns; j++)
            {
                var norm = Norm(value, rows, columns, j);
                if (!(norm > SmallestNorm) || !double.IsFinite(norm))
                {
                    throw Refusal($"Column {j} of norm {norm}");
                }
            }

            value.CopyTo(raw);
        }

        private static double Norm(ReadOnlySpan<double> raw, int rows, int columns, int column)
        {
            var sum = 0.0;
            for (var i = 0; i < rows; i++)
            {
                var x = raw[(i * columns) + column];
                sum += x * x;
            }

            return Math.Max(Math.Sqrt(sum), SmallestNorm);
        }
    }

    private sealed class OrthogonalConstraint : Constraint
    {
        public override string Name => "orthogonal";

        public override int RawCount(int rows, int columns) => Cayley.RawCount(RequireSquare(rows, columns));

        public override void Apply(ReadOnlySpan<double> raw, int rows, int columns, Span<double> value) => Cayley.Apply(raw, rows, value);

        public override void PullBack(
            ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int rows, int columns, Span<double> rawGradient)
            => Cayley.PullBack(raw, value, gradient, rows, rawGradient);

        protected override void FindRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw)
        {
            var (at, back) = Cayley.Invert(value, rows, raw, Tolerance);
            if (at >= 0)
            {
                throw Refusal($"The value {value[at]} in row {at / rows}, column {at % rows}, where a rotation near it has {back},");
            }
        }
    }

    private sealed class StableConstraint : Constraint
    {
        public override string Name => "stable";

        public override int RawCount(int rows, int columns) => RequireSquare(rows, columns) + Cayley.RawCount(rows);

        public override void Apply(ReadOnlySpan<double> raw, int rows, int columns, Span<double> value)
        {
            Cayley.Apply(raw[rows..], rows, value);
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < rows; j++)
                {
                    value[(i * rows) + j] *= Left(raw[i]) * Right(raw[j]);
                }
            }
        }

        public override void PullBack(
            ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int rows, int columns, Span<double> rawGradient)
        {
            var rotation = new double[rows * rows];
            var toRotation = new double[rows * rows];
            Cayley.Apply(raw[rows..], rows, rotation);
            rawGradient[..rows].Clear();
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < rows; j++)
                {
                    var at = (i * rows) + j;
                    toRotation[at] = gradient[at] * Left(raw[i]) * Right(raw[j]);

                    // d log left / d log D = 1/2;  d log right / d log D = -D / (2 (D + 1)).
                    var share = gradient[at] * value[at];
                    rawGradient[i] += 0.5 * share;
                    rawGradient[j] -= 0.5 * share / (1 + Math.Exp(-raw[j]));
                }
            }

            Cayley.PullBack(raw[rows..], rotation, toRotation, rows, rawGradient[rows..]);
        }

        protected override void FindRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw)
        {
            // A A' (D + I)-weighted: A (D + I) A' = D has no closed form for general A; scaled rotations, the natural starts, are exact.
            var scale = RowNorm(value, rows, 0);
            for (var i = 0; i < rows; i++)
            {
                var norm = RowNorm(value, rows, i);
                if (norm is not (> 0 and < 1))
                {
                    throw Refusal($"Row {i} of norm {norm}");
                }
            }

            var d = scale * scale / (1 - (scale * scale));
            var rotation = new double[rows * rows];
            for (var i = 0; i < rotation.Length; i++)
            {
                rotation[i] = value[i] / scale;
            }

            raw[..rows].Fill(Math.Log(d));
            var (at, back) = Cayley.Invert(rotation, rows, raw[rows..], Tolerance);
            if (at >= 0)
            {
                throw Refusal($"The value {value[at]} in row {at / rows}, column {at % rows}, where a scaled rotation near it has {scale * back},");
            }
        }

        private static double RowNorm(ReadOnlySpan<double> value, int n, int row)
        {
            var sum = 0.0;
            foreach (var x in value.Slice(row * n, n))
            {
                sum += x * x;
            }

            return Math.Sqrt(sum);
        }

        private static double Left(double logD) => Math.Exp(0.5 * logD);

        private static double Right(double logD) => 1 / Math.Sqrt(1 + Math.Exp(logD));
    }

    private sealed class CholeskyFactorConstraint : Constraint
    {
        public override string Name => "cholesky-factor";

        internal override bool IsTriangular => true;

        public override int RawCount(int rows, int columns) => RequireSquare(rows, columns) * rows;

        public override void Apply(ReadOnlySpan<double> raw, int rows, int columns, Span<double> value)
        {
            for (var i = 0; i < rows; i++)
            {
                ApplyRow(i, raw.Slice(i * rows, i + 1), value.Slice(i * rows, i + 1));
                value.Slice((i * rows) + i + 1, rows - i - 1).Clear();
            }
        }

        internal override void ApplyRow(int row, ReadOnlySpan<double> raw, Span<double> value)
        {
            raw.CopyTo(value);
            value[row] = Math.Exp(raw[row]);
        }

        public override void PullBack(
            ReadOnlySpan<double> raw, ReadOnlySpan<double> value, ReadOnlySpan<double> gradient, int rows, int columns, Span<double> rawGradient)
        {
            for (var i = 0; i < rows; i++)
            {
                var row = rawGradient.Slice(i * rows, rows);
                gradient.Slice(i * rows, i + 1).CopyTo(row);
                PullBackRow(i, value.Slice(i * rows, i + 1), row[..(i + 1)]);
                row[(i + 1)..].Clear();
            }
        }

        internal override void PullBackRow(int row, ReadOnlySpan<double> value, Span<double> gradient) => gradient[row] *= value[row];

        protected override void FindRaw(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw)
        {
            for (var i = 0; i < rows; i++)
            {
                value.Slice(i * rows, rows).CopyTo(raw.Slice(i * rows, rows));
                var pivot = value[(i * rows) + i];
                if (!(pivot > 0))
                {
                    throw Refusal($"The value {pivot} in row {i} of the diagonal");
                }

                for (var j = i + 1; j < rows; j++)
                {
                    var above = value[(i * rows) + j];
                    if (above != 0)
                    {
                        throw Refusal($"The value {above} in row {i}, column {j}, above the diagonal,");
                    }
                }

                raw[(i * rows) + i] = Math.Log(pivot);
            }
        }
    }

    private static ReadOnlySpan<double> NotEmpty(ReadOnlySpan<double> numbers)
        => numbers.Length > 0 ? numbers : throw new ArgumentException("There are no numbers.", nameof(numbers));

    private void Find(ReadOnlySpan<double> value, int rows, int columns, Span<double> raw, bool nearest)
    {
        if (rows < 0 || columns < 0 || value.Length != (long)rows * columns || raw.Length != RawCount(rows, columns))
        {
            throw new ArgumentException(
                $"{value.Length} numbers of a value and {raw.Length} raw numbers are not those of a matrix of {rows} x {columns} under the constraint '{Name}'.", nameof(value));
        }

        for (var i = 0; i < value.Length; i++)
        {
            if (!double.IsFinite(value[i]))
            {
                throw Refusal($"The value {value[i]} in row {i / columns}, column {i % columns}");
            }
        }

        if (nearest)
        {
            FindNearestRaw(value, rows, columns, raw);
        }
        else
        {
            FindRaw(value, rows, columns, raw);
        }

        foreach (var x in raw)
        {
            if (!double.IsFinite(x))
            {
                throw Refusal($"A value whose raw number is {x}");
            }
        }
    }

    private protected ArgumentException Refusal(string value) => new($"{value} does not meet the constraint '{Name}'.", nameof(value));

    private int RequireSquare(int rows, int columns)
        => rows == columns ? rows : throw new ArgumentException($"A matrix of {rows} x {columns} is not square, as the constraint '{Name}' needs.", nameof(columns));
}
