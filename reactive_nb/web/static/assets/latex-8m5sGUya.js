<<<<<<<< HEAD:reactive_nb/web/static/assets/latex-BERCAcq9.js
import{a as e}from"./hooks-UUmIs5Va.js";import{t}from"./index-SqsBJokq.js";import{latexToHtml as n}from"./math-CB9l_12b.js";import{t as r}from"./jsxRuntime-X_B3tWFA.js";function i({data:i}){let a=t(i),o=e(()=>n(a),[a]);return o===null?r(`pre`,{class:`plain`,children:a}):r(`div`,{class:`latex`,dangerouslySetInnerHTML:{__html:o}})}export{i as default};
========
import{a as e}from"./hooks-UUmIs5Va.js";import{t}from"./index-CuUpTGGe.js";import{latexToHtml as n}from"./math-CB9l_12b.js";import{t as r}from"./jsxRuntime-X_B3tWFA.js";function i({data:i}){let a=t(i),o=e(()=>n(a),[a]);return o===null?r(`pre`,{class:`plain`,children:a}):r(`div`,{class:`latex`,dangerouslySetInnerHTML:{__html:o}})}export{i as default};
>>>>>>>> c8557c2 (The page is looked at by axe, in narrow windows, with a thousand cells and with six notebooks of others; outputs that are out of date keep enough contrast):reactive_nb/web/static/assets/latex-8m5sGUya.js
